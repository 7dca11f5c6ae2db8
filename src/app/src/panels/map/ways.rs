//! The edges of a map. One between neighbours is straight. Every other runs in the lane below its node's row, and rises
//! or falls before the column where it ends.

use retort_spec::{NetworkId, Origin, Role};

use crate::panels::map::{
    grid::{Grid, is_between},
    model::{Edge, Flow, Node, Part, label_weight},
};

/// The line on which soft targets run, below a node's middle: the distribution stands above it.
const LINE: f64 = 5.0;

/// All edges between these nodes.
pub fn edges(grid: &Grid<'_>, nodes: &[Node]) -> Vec<Edge> {
    let plan = grid.plan;
    let heads = grid.group.map_or(&[][..], |group| &grid.cells[group].parts);
    // The first of a group stands for all.
    let stands = |id: NetworkId| heads.first() == Some(&Part::Network(id)) || !heads.contains(&Part::Network(id));
    let phase = |id: NetworkId| plan.supervision(id).map(|(phase, _)| phase);
    let mut edges = Vec::new();
    let mut link = |flow, from: Part, to: NetworkId, whole: bool, share: f64| {
        let to = Part::Network(to);
        edges.push(Edge { flow, from, to, way: way(grid, nodes, flow, from, to, whole), share });
    };
    for lesson in plan.phases.iter().flat_map(|phase| &phase.learners) {
        let learner = match lesson.learner {
            // Who votes stands for all of them.
            NetworkId { role: Role::Voter, index: 0 } => NetworkId::TEACHER,
            NetworkId { role: Role::Voter, .. } => continue,
            learner => learner,
        };
        if stands(learner) && label_weight(grid.experiment, lesson).is_some() {
            link(Flow::Labels, Part::Data, learner, true, 1.0);
        }
        let Some(&(first, _)) = lesson.teachers.first() else { continue };
        let is_group = heads.len() == lesson.teachers.len() && heads.first() == Some(&Part::Network(first));
        if phase(first) == phase(learner) {
            if learner == plan.product {
                link(Flow::Peers, Part::Network(first), learner, true, 1.0);
            }
        } else if learner == plan.product && is_between(plan) {
            link(Flow::Soft, Part::Network(NetworkId::ENSEMBLE), learner, true, 1.0);
        } else if is_group {
            link(Flow::Soft, heads[0], learner, true, 1.0);
        } else {
            for &(teacher, share) in &lesson.teachers {
                link(Flow::Soft, Part::Network(teacher), learner, false, share);
            }
        }
    }
    for network in &plan.networks {
        let flow = if matches!(network.origin, Origin::Copy(_)) { Flow::Copy } else { Flow::Mean };
        // Whoever begins near its teacher has the arrow of its lessons.
        if matches!(network.origin, Origin::Votes(_) | Origin::Near { .. }) {
            continue;
        }
        for &member in network.origin.members().iter().filter(|member| stands(**member)) {
            if stands(network.id) {
                link(flow, Part::Network(member), network.id, true, 1.0);
            }
        }
    }
    let (from, to) = (Part::Network(plan.product), Part::Packed);
    edges.push(Edge { flow: Flow::Bits, from, to, way: way(grid, nodes, Flow::Bits, from, to, true), share: 1.0 });
    edges
}

/// The corners of an edge; from the group as a whole, or from the very node.
fn way(grid: &Grid<'_>, nodes: &[Node], flow: Flow, from: Part, to: Part, whole: bool) -> Vec<[f64; 2]> {
    let (a, b) = (grid.cell(from), grid.cell(to));
    let (start, goal) = (a.area, b.area);
    let (is_of_group, to_group) = (a.parts.len() > 1, b.parts.len() > 1);
    let is_member = is_of_group && !whole;
    let is_level = a.row == b.row || a.row == 0.5 || b.row == 0.5;
    if grid.is_broken && !is_member && b.row == a.row + 1.0 && (a.column == b.column || is_of_group) {
        let x = goal.middle()[0];
        return vec![[x, start.bottom()], [x, goal.top]];
    }
    if b.column == a.column + 1 && is_level && !is_member {
        let is_data = from == Part::Data;
        let y = if a.row == 0.5 { goal.middle()[1] } else { start.middle()[1] };
        let y = if is_data && to_group { y } else { y + LINE };
        if is_data && b.row != a.row {
            let (x, exit) = (start.right() + 16.0, start.middle()[1] + 24.0 * (b.row - a.row));
            return vec![[start.right(), exit], [x, exit], [x, y], [goal.left, y]];
        }
        return vec![[start.right(), y], [goal.left, y]];
    }
    let [shift, gutter] = match flow {
        Flow::Labels => [-6.0, 9.0],
        Flow::Soft | Flow::Peers => [2.0, 19.0],
        _ => [9.0, 14.0],
    };
    let gutter = if grid.is_narrow() { gutter * 0.7 } else { gutter };
    // A group is as high as both rows: what goes past it goes below.
    let passes = grid.group.is_some_and(|group| (a.column + 1..b.column).contains(&grid.cells[group].column));
    let is_below = passes && !grid.is_broken;
    let lane = if is_below { grid.lanes[1] } else { grid.lanes[if a.row == 1.0 { 1 } else { 0 }] + shift };
    let (x, middle) = (goal.left - gutter, goal.middle()[1]);
    let y = match flow {
        Flow::Labels if lane < middle => middle - 15.0,
        Flow::Labels => middle + 17.0,
        _ => middle + LINE,
    };
    let mut way = if is_member {
        let node = nodes.iter().find(|node| node.part == from).map_or(start, |node| node.area);
        let below = node.bottom() + grid.group_grid()[4] / 2.0;
        let side = if grid.is_broken { start.left - 6.0 } else { start.right() + 8.0 };
        // Two turns that are close are one.
        let side = if (side - x).abs() < 20.0 { x } else { side };
        let from = node.middle()[0];
        vec![[from, node.bottom()], [from, below], [side, below], [side, lane]]
    } else if a.row == 0.5 && !is_below {
        vec![[start.right(), lane]]
    } else if is_of_group {
        // On a phone it begins in the gutter itself.
        return vec![[x, start.bottom()], [x, y], [goal.left, y]];
    } else {
        vec![[start.middle()[0], start.bottom()], [start.middle()[0], lane]]
    };
    if to_group && goal.top < lane && lane < goal.bottom() {
        way.push([goal.left, lane]);
    } else {
        way.extend([[x, lane], [x, y], [goal.left, y]]);
    }
    way
}
