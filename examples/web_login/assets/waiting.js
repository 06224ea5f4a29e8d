"use strict";
// Shows the time that the server says is left, and loads the page anew when there is something else to see.
const byId = (id) => document.getElementById(id);
// Each is said once, and stands until the next: a screen reader takes longer than a second.
const warnings = [60, 30, 10];
let lost = false;
const events = new EventSource("/events");

function say(text) {
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

events.addEventListener("left", ({ data }) => {
  byId("left").textContent = data;
  byId("bar").value = Number(data);
  const left = Number(data);
  if (left <= warnings[0]) {
    while (left <= warnings[0]) warnings.shift();
    say("Waiting for your answer, " + left + " seconds left");
  } else if (lost) {
    say("Waiting for your answer");
  }
  lost = false;
});

// The same for everybody who waits, whatever address they typed.
events.addEventListener("reachable", ({ data }) => {
  say(data === "true" ? "Waiting for your answer" : "We cannot reach the sign-in service. Trying again.");
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
  else {
    lost = true;
    say("The connection was lost. Trying again.");
  }
});
