pub(crate) const HELP: &str = "\
usage: soak [--minutes N] [--seed S] [--people P]

  --minutes N   how long to go on; parts of a minute are fine (default 1)
  --seed S      what the people and the wire do (default: random); the order of the threads stays free
  --people P    how many sign in at the same time (default 2000)

Exits with 1 if a check failed.
";

pub(crate) struct Arguments {
    pub(crate) minutes: f64,
    pub(crate) seed: u64,
    pub(crate) people: usize,
}

impl Arguments {
    pub(crate) fn read() -> Option<Self> {
        let mut arguments = Self { minutes: 1.0, seed: fastrand::u64(..100_000), people: 2_000 };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--minutes" => arguments.minutes = words.next()?.parse().ok()?,
                "--seed" => arguments.seed = words.next()?.parse().ok()?,
                "--people" => arguments.people = words.next()?.parse().ok()?,
                _ => return None,
            }
        }
        (arguments.minutes > 0.0 && arguments.people > 0).then_some(arguments)
    }
}
