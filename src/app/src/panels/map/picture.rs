//! The drawing of the map: everything that is seen is in it, so that it can be taken away.

use retort_spec::{NetworkId, probability::softmax};

use crate::{
    charts::plot::curve,
    context::AppContext,
    i18n::format::tenth,
    panels::map::{
        geometry::{Area, head, line, toward},
        model::{Edge, Flow, Layout, Node, Part, Say, Size, WIDTHS, Words, is_heard},
        words::{content, said, width},
    },
    state::{networks::epochs, selection::Subject},
};

/// Corners of nodes and edges.
const RADIUS: f64 = 10.0;

/// A drawing as text: one text costs less code than an element of the page for each of its lines.
struct Ink(String);

impl Ink {
    fn put(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.push_str(part);
        }
    }

    fn path(&mut self, class: &str, d: &str, width: f64) {
        self.put(&["<path class='", class, "' d='", d, "' stroke-width='", &tenth(width), "'/>"]);
    }

    /// A text of the page's messages, which have no mark-up.
    fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: &str, words: &str) {
        let place = ["' x='", &tenth(x), "' y='", &tenth(y), "' text-anchor='"].concat();
        self.put(&["<text class='", class, &place, anchor, "'>", words, "</text>"]);
    }

    fn open(&mut self, class: &[&str]) {
        self.put(&["<g class='"]);
        self.put(class);
        self.put(&["'>"]);
    }

    fn close(&mut self) {
        self.put(&["</g>"]);
    }
}

/// Draws a map: its SVG.
pub fn picture(page: &AppContext, map: &Layout, scheme: &str) -> String {
    let mut ink = Ink(String::new());
    ink.put(&["<svg viewBox='0 0 ", &tenth(map.width), " ", &tenth(map.height), "' aria-hidden='true'>"]);
    ink.text("scheme", [0.0, 17.0], "start", scheme);
    if let Some(group) = &map.group {
        // Those that teach each other stand in a ring.
        let peers = map.edges.iter().find(|edge| edge.flow == Flow::Peers);
        let class = if peers.is_some() { "ring student" } else { "group" };
        ink.path(class, &group.outline(RADIUS + 4.0), if peers.is_some() { 3.0 } else { 1.5 });
    }
    for edge in &map.edges {
        drawn(&mut ink, page, edge);
    }
    distributions(&mut ink, page, map);
    for node in &map.nodes {
        network(&mut ink, page, map, node);
    }
    for words in &map.words {
        written(&mut ink, page, words, if map.width < WIDTHS[0] { 12.0 } else { 14.2 });
    }
    ink.put(&["</svg>"]);
    ink.0
}

/// The word that gives a part its hue.
fn hue(part: Part) -> &'static str {
    match part {
        Part::Data => "data",
        Part::Network(id) => id.role_word(),
        Part::Packed => "student",
    }
}

/// An edge: soft targets are as thick as they weigh.
fn drawn(ink: &mut Ink, page: &AppContext, edge: &Edge) {
    let mut way = edge.way.clone();
    let [begin, second, before, tip] = [way[0], way[1], way[way.len() - 2], way[way.len() - 1]];
    let is_soft = matches!(edge.flow, Flow::Soft | Flow::Peers);
    let wide = if is_soft { 1.5 + 4.0 * page.state.experiment.soft_weight * edge.share } else { 1.6 };
    let length = 5.5 + wide;
    let is_hint = is_soft && !is_heard(&page.state.experiment);
    let mut heads = String::new();
    if !is_hint {
        // A thick line would show beside the tip.
        let last = way.len() - 1;
        way[last] = toward(tip, before, length - 1.0);
        heads = head(tip, before, length);
        if edge.flow == Flow::Peers {
            way[0] = toward(begin, second, length - 1.0);
            heads += &head(begin, second, length);
        }
    }
    let kind = match edge.flow {
        Flow::Labels => "labels",
        Flow::Mean => "mean",
        _ if is_hint => "hint",
        _ => "way",
    };
    ink.open(&["edge ", if edge.flow == Flow::Labels { "truth" } else { hue(edge.from) }]);
    ink.path(kind, &line(&way, RADIUS), wide);
    ink.path("head", &heads, 0.0);
    ink.close();
}

/// What networks say of the shown example at this temperature, each on its edge.
fn distributions(ink: &mut Ink, page: &AppContext, map: &Layout) {
    let state = &page.state;
    let is_extra = state.plan.networks.iter().any(|network| network.extra_outputs > 0);
    let Some(subject) = Subject::of(state).filter(|_| !is_extra && is_heard(&state.experiment)) else { return };
    for &(id, area) in &map.glyphs {
        let Some(logits) = subject.of_network(id) else { continue };
        let shares = softmax(logits, state.temperature());
        let step = (area.width / shares.len() as f64).min(14.0);
        let mut x = area.middle()[0] - step * shares.len() as f64 / 2.0;
        let mut bars = String::new();
        for share in shares {
            // A bar is seen, however small its share.
            let top = area.bottom() - (area.height * share).max(0.8);
            let (end, base) = (x + 0.8 * step, area.bottom());
            bars += &line(&[[x, base], [x, top], [end, top], [end, base]], 0.0);
            x += step;
        }
        ink.open(&["edge ", hue(Part::Network(id))]);
        ink.path("head", &bars, 0.0);
        ink.close();
    }
}

/// A node with what stands in it.
fn network(ink: &mut Ink, page: &AppContext, map: &Layout, node: &Node) {
    let (state, area) = (&page.state, &node.area);
    let words = content(page, map, node);
    // From the left edge, and from the top: the name's and the number's line.
    let (size, [x, name, large, type_size]) = match (node.size, area.width < 60.0) {
        (Size::Large, _) => ("large", [12.0, 19.0, 43.0, 24.0]),
        (Size::Small, _) => ("small", [7.0, 15.5, 34.5, 19.0]),
        (Size::Tiny, false) => ("tiny", [8.0, 16.0, 34.0, 16.0]),
        (Size::Tiny, true) => ("tiny", [5.0, 13.0, 27.0, 15.0]),
    };
    let (x, number) = (area.left + x, area.top + large);
    // The number's digits are all of one width.
    let beside = match node.size {
        Size::Large => [x + width(&words.number, type_size) + 7.0, number],
        _ => [x, number + 13.5],
    };
    let waits = match node.part {
        Part::Network(id) => state.waits(id),
        Part::Packed if state.experiment.data.is_of_sequences() => state.waits(state.plan.product),
        Part::Packed => state.outdated || state.shown().is_none() || state.waits(state.plan.product),
        Part::Data => false,
    };
    ink.open(&["node ", size, " ", hue(node.part), if waits { " waits" } else { "" }]);
    if node.part == Part::Data {
        // The edges of what lies below the first example.
        for below in [3.0, 6.0] {
            let (top, inset) = (area.top - below, 2.0 + below);
            let way = line(&[[area.left + inset, top], [area.right() - inset, top]], 0.0);
            ink.path("outline", &way, 1.4);
        }
    }
    let outline = area.outline(RADIUS);
    ink.path("fill", &outline, 0.0);
    if waits {
        ink.path("hatch", &hatching(area, 9.0), 1.2);
    }
    ink.path("outline", &outline, 1.6);
    if let Part::Network(id) = node.part
        && (node.size == Size::Large || (node.size == Size::Small && words.beside.is_empty()))
    {
        let (top, width) = (number + 7.0, area.right() - x - 12.0);
        course(ink, page, id, Area { left: x, top, width, height: area.bottom() - 7.0 - top });
    }
    let room = area.right() - x - 3.0;
    let name_size = if node.size == Size::Large { 14.2 } else { 13.0 };
    let anchor = |text: &str, type_size: f64| match width(text, type_size) > room {
        // The page's type is narrower on most systems; where it is not the letters are squeezed.
        true => ["start' lengthAdjust='spacingAndGlyphs' textLength='", &tenth(room)].concat(),
        false => "start".into(),
    };
    ink.text("name", [x, area.top + name], &anchor(&words.name, name_size), &words.name);
    ink.text("number", [x, number], &anchor(&words.number, type_size), &words.number);
    if node.size != Size::Tiny {
        ink.text("beside", beside, "start", &words.beside);
    }
    ink.close();
}

/// Slanted lines across an area, `step` apart.
fn hatching(area: &Area, step: f64) -> String {
    let (mut ways, mut at) = (String::new(), step);
    while at < area.width + area.height {
        // From the bottom or the right edge up to the left or the top edge.
        let (over, beyond) = ((at - area.height).max(0.0), (at - area.width).max(0.0));
        let from = [area.left + over, area.top + at - over];
        ways += &line(&[from, [area.left + at - beyond, area.top + beyond]], 0.0);
        at += step;
    }
    ways
}

/// The accuracy so far, from none to all right.
fn course(ink: &mut Ink, page: &AppContext, id: NetworkId, area: Area) {
    let last = f64::from(epochs(&page.state.plan, id).max(1));
    let place = |epoch: u32, share: f64| {
        [area.left + area.width * (f64::from(epoch) / last).min(1.0), area.bottom() - area.height * share]
    };
    let way: Vec<[f64; 2]> =
        curve(&page.state.curves, 0, id).map(|point| place(point.epoch, point.test_accuracy)).collect();
    ink.path("course", &line(&way, 0.0), 1.6);
}

/// A text in its place, if it fits.
fn written(ink: &mut Ink, page: &AppContext, words: &Words, type_size: f64) {
    /// Between two parts of a text.
    const GAP: f64 = 5.0;
    let [first, second] = said(page, words.say);
    let wide = width(&first, type_size);
    let all = if second.is_empty() { wide } else { wide + GAP + width(&second, type_size) };
    if first.is_empty() || all > words.room + 6.0 {
        return;
    }
    let [x, y] = words.at;
    if second.is_empty() {
        let class = if words.say == Say::Temperature { "said first" } else { "said" };
        return ink.text(class, words.at, words.anchor, &first);
    }
    let left = match words.anchor {
        "end" => x - all,
        "middle" => x - all / 2.0,
        _ => x,
    };
    ink.text("said first", [left + wide, y], "end", &first);
    ink.text("said", [left + wide + GAP, y], "start", &second);
}
