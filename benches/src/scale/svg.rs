//! Bytes and CPU per poll over the size of the crowd, as a picture.

use std::fmt::Write as _;

/// One crowd.
pub(crate) struct Point {
    pub(crate) polls: usize,
    pub(crate) bytes: f64,
    pub(crate) cpu_us: f64,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;

/// Two curves over a logarithmic axis. Bytes on the left scale, microseconds on the right.
pub(crate) fn draw(points: &[Point]) -> String {
    let x = |polls: usize| 60.0 + ((polls as f64).log10() - 3.0) / 3.0 * (WIDTH - 130.0);
    let y = |share: f64| HEIGHT - 50.0 - share * (HEIGHT - 100.0);
    // Scales whose quarters are round.
    let most = |figure: fn(&Point) -> f64, step: f64| {
        (points.iter().map(figure).fold(step, f64::max) / step).ceil() * step
    };
    let (most_bytes, most_us) = (most(|point| point.bytes, 400.0), most(|point| point.cpu_us, 40.0));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>\
         <text x=\"60\" y=\"24\" font-size=\"15\">What one waiting poll costs</text>"
    );
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let at = y(share);
        let _ = write!(
            svg,
            "<line x1=\"60\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#ddd\"/>\
             <text x=\"54\" y=\"{}\" text-anchor=\"end\" fill=\"#0b5cad\">{}</text>\
             <text x=\"{}\" y=\"{}\" fill=\"#b04a00\">{}</text>",
            WIDTH - 70.0,
            at + 4.0,
            share * most_bytes,
            WIDTH - 64.0,
            at + 4.0,
            share * most_us
        );
    }
    for point in points {
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(point.polls),
            HEIGHT - 32.0,
            point.polls
        );
    }
    let mut curve = |colour: &str, share: &dyn Fn(&Point) -> f64| {
        let places: Vec<_> = points.iter().map(|point| (x(point.polls), y(share(point)))).collect();
        let line: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        for (x, y) in places {
            let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>");
        }
    };
    curve("#0b5cad", &|point| point.bytes / most_bytes);
    curve("#b04a00", &|point| point.cpu_us / most_us);
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">waiting polls</text>\
         <text x=\"60\" y=\"42\" fill=\"#0b5cad\">resident bytes per poll (left)</text>\
         <text x=\"{}\" y=\"42\" text-anchor=\"end\" fill=\"#b04a00\">CPU per request, µs (right)</text></svg>",
        WIDTH / 2.0,
        HEIGHT - 12.0,
        WIDTH - 70.0
    );
    svg
}
