//! Lays a map out. Pure: a plan and a width in, places out.

use retort_spec::{Experiment, NetworkId, Plan};

use crate::panels::map::{
    geometry::Area,
    grid::{Grid, WIDE_GAP},
    model::{Edge, Flow, Layout, Part, Say, Words},
    ways::edges,
};

/// In a narrower gap than this nothing can be said.
const LEAST_GAP: f64 = 44.0;
/// How much higher than its edge a distribution is.
const GLYPH: f64 = 24.0;

/// Lays a map out.
pub fn layout(plan: &Plan, experiment: &Experiment, width: f64) -> Layout {
    let grid = Grid::new(plan, experiment, width);
    let nodes = grid.nodes();
    let edges = edges(&grid, &nodes);
    let group = grid.group.map(|group| grid.cells[group].area);
    let mut map = Layout { width, height: grid.height, nodes, group, edges, ..Layout::default() };
    let mut room = Room { grid: &grid, words: Vec::new(), glyphs: Vec::new(), spots: Vec::new() };
    room.say(&map.edges);
    (map.words, map.glyphs, map.spots) = (room.words, room.glyphs, room.spots);
    map
}

/// What is said in the map, as far as there is room.
struct Room<'a> {
    grid: &'a Grid<'a>,
    words: Vec<Words>,
    glyphs: Vec<(NetworkId, Area)>,
    spots: Vec<(Area, Part)>,
}

impl Room<'_> {
    /// Not inlined: it is called in many places.
    #[inline(never)]
    fn put(&mut self, say: Say, x: f64, y: f64, anchor: &'static str, room: f64) {
        let words = Words { say, at: [x, y], anchor, room };
        // Two edges may run on one line.
        if !self.words.contains(&words) {
            self.words.push(words);
        }
    }

    fn has(&self, is: impl Fn(&Say) -> bool) -> bool {
        self.words.iter().any(|words| is(&words.say))
    }

    /// Whether no node stands in an area.
    fn is_free(&self, area: &Area) -> bool {
        let is_over = |node: &Area| {
            node.top < area.bottom() && node.bottom() > area.top && node.left < area.right() && node.right() > area.left
        };
        !self.grid.cells.iter().any(|cell| is_over(&cell.area))
    }

    /// Whether the bits stand below the packed file.
    fn is_below(&self, packed: &Area) -> bool {
        self.words.iter().any(|words| matches!(words.say, Say::Bits) && words.at[1] > packed.bottom())
    }

    /// Finds room for words, distributions and buttons.
    fn say(&mut self, edges: &[Edge]) {
        let grid = self.grid;
        for edge in edges {
            let [[x, y], .., [end, level]] = edge.way[..] else { continue };
            let (gap, middle, is_straight) = (end - x, (x + end) / 2.0, y == level && edge.way.len() == 2);
            match edge.flow {
                Flow::Labels => self.labels(edge),
                Flow::Soft | Flow::Peers if is_straight && gap >= LEAST_GAP => {
                    if gap >= WIDE_GAP {
                        self.put(Say::Soft, middle, level - 32.0, "middle", gap - 16.0);
                        self.put(Say::Transfer, middle, level + 20.0, "middle", gap - 60.0);
                    } else {
                        self.put(Say::Temperature, middle, level - 32.0, "middle", gap + 8.0);
                        self.put(Say::SoftWeight, middle, level + 18.0, "middle", gap);
                    }
                    if let Part::Network(of) = edge.from {
                        let extent = [(gap - 20.0).min(100.0), GLYPH];
                        self.glyphs.push((of, Area::around([middle - 2.0, level - 15.5], extent)));
                    }
                    let top = (level - 44.0).max(0.0);
                    self.spots.push((Area { left: x + 2.0, top, width: gap - 4.0, height: 64.0 }, edge.to));
                }
                Flow::Bits if gap >= LEAST_GAP + 12.0 => {
                    self.put(Say::Bits, middle - 2.0, level - 8.0, "middle", gap - 10.0);
                }
                Flow::Bits => {
                    let packed = grid.cell(Part::Packed).area;
                    self.put(Say::Bits, packed.middle()[0], packed.bottom() + 14.0, "middle", packed.width);
                }
                _ => {}
            }
        }
        if !grid.is_large {
            let packed = grid.cell(Part::Packed).area;
            let below = if self.is_below(&packed) { 28.0 } else { 14.0 };
            let [middle, level] = [packed.middle()[0], packed.bottom() + below];
            let place = Area { left: packed.left, top: level - 10.0, width: packed.width, height: 14.0 };
            // Below the packed file may stand an ensemble.
            if self.is_free(&place) {
                self.put(Say::Seed, middle, level, "middle", packed.width);
            }
        }
        let taught = edges.iter().find(|edge| matches!(edge.flow, Flow::Soft | Flow::Peers));
        if let Some(taught) = taught.filter(|_| self.spots.is_empty()) {
            // Once for all edges, beside the scheme's name.
            let spot = |x: f64| Area { left: x - 90.0, top: 0.0, width: 94.0, height: 25.0 };
            // A large network may stand as high as the name.
            let places = if grid.is_narrow() { [grid.width - 88.0; 2] } else { [330.0, grid.width - 4.0] };
            if let Some(x) = places.into_iter().find(|x| self.is_free(&spot(*x))) {
                self.put(Say::Soft, x, 17.0, "end", 100.0);
                self.spots.push((spot(x), taught.to));
            }
        }
        let [above, below] = [grid.plan.product, grid.plan.control].map(|id| grid.cell(Part::Network(id)));
        let is_crossed = edges.iter().any(|edge| edge.flow == Flow::Mean && edge.way.len() > 2);
        if grid.is_large && !is_crossed && above.column == below.column {
            let y = (above.area.bottom() + below.area.top) / 2.0 + 4.0;
            self.put(Say::Twins, below.area.left + 4.0, y, "start", below.area.width + 80.0);
        }
    }

    /// Beside the first edge to the first networks, and the first to those after them.
    fn labels(&mut self, edge: &Edge) {
        let grid = self.grid;
        let ([[x, y], .., [end, level]], Part::Network(learner)) = (&edge.way[..], edge.to) else { return };
        let data = grid.cells[0].area;
        let is_first = grid.is_first(edge.to);
        let same = |say: &Say| matches!(say, Say::Labels(id) if grid.is_first(Part::Network(*id)) == is_first);
        let say = Say::Labels(learner);
        if learner == grid.plan.product && !is_first && grid.is_large {
            self.put(Say::LabelWeight, end - 16.0, level + 17.0, "end", 50.0);
        }
        if self.has(same) {
            return;
        }
        match (is_first, grid.is_narrow(), grid.is_broken) {
            (true, false, _) => {
                let from = x + if y == level { 8.0 } else { 24.0 };
                match end - from > 80.0 || y == level {
                    true => self.put(say, from, level - 7.0, "start", end - from - 8.0),
                    false => self.put(say, data.left, data.bottom() + 16.0, "start", 100.0),
                }
            }
            (true, true, false) => self.put(say, data.left, data.top - 10.0, "start", data.width + 4.0),
            // On a phone the first row has no room above.
            (true, true, true) => {}
            (false, _, true) => {
                if !grid.cells.iter().any(|cell| (cell.column, cell.row) == (0, 1.0)) {
                    self.put(say, data.left, grid.lanes[0] + 16.0, "start", data.width + 14.0);
                }
            }
            (false, true, false) => self.put(say, data.left, data.bottom() + 15.0, "start", data.width + 12.0),
            (false, false, false) => {
                let lane = edge.way.iter().fold(0.0, |lowest: f64, [_, y]| lowest.max(*y));
                match grid.group.filter(|_| lane > data.bottom()) {
                    Some(group) => {
                        let from = data.middle()[0] + 8.0;
                        self.put(say, from, lane - 6.0, "start", grid.cells[group].area.left - from - 8.0);
                    }
                    None => {
                        let from = data.right() + 24.0;
                        let end = grid.cells[1].area.middle()[0];
                        self.put(say, from, grid.lanes[0] + 13.0, "start", end - from - 8.0);
                    }
                }
            }
        }
    }
}
