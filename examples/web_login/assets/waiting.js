"use strict";
// Shows the time that the server says is left, and loads the page anew when there is something else to see.
const byId = (id) => document.getElementById(id);
const announceAt = new Set(["60", "30", "10"]);
const events = new EventSource("/events");

function say(text) {
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

events.addEventListener("left", ({ data }) => {
  byId("left").textContent = data;
  byId("bar").value = Number(data);
  say(announceAt.has(data) ? "Waiting for your answer, " + data + " seconds left" : "Waiting for your answer");
});

events.addEventListener("moved", () => {
  events.close();
  location.replace("/");
});

events.addEventListener("stopping", () => {
  events.close();
  say("This website is restarting. Please reload the page in a moment.");
});

events.addEventListener("error", () => {
  if (events.readyState === EventSource.CLOSED) location.replace("/");
  else say("The connection was lost. Trying again.");
});
