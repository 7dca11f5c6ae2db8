//! Where the nodes of a map stand: in columns, from the data on the left to the packed file on the right, and in rows,
//! the product above its control. Networks that learn one thing side by side stand in a group.

use retort_spec::{Contrast, Experiment, NetworkId, Origin, Plan, Role};

use crate::panels::map::{
    geometry::Area,
    model::{Node, Part, Size, WIDTHS},
};

/// The nodes of a map with more columns are small.
const MOST_LARGE: usize = 5;
/// Columns that a phone has room for.
const NARROW_COLUMNS: usize = 4;
/// Rows of a group where there is room.
const GROUP_ROWS: usize = 3;
/// Above a gap this wide all that is said of an edge stands in one line.
pub const WIDE_GAP: f64 = 110.0;

/// A node, or a group of them, in its place.
pub struct Cell {
    pub parts: Vec<Part>,
    pub column: usize,
    /// 0 or 1 in a map of two rows, with the data half way between; 0 to 2 in a map of three.
    pub row: f64,
    pub area: Area,
}

/// All nodes in their places.
pub struct Grid<'a> {
    pub plan: &'a Plan,
    pub experiment: &'a Experiment,
    pub width: f64,
    pub height: f64,
    pub cells: Vec<Cell>,
    /// The cell of the networks that stand in a group.
    pub group: Option<usize>,
    /// Whether there is room for large letters.
    pub is_large: bool,
    /// Whether the columns stand in two lines, with the control in a third.
    pub is_broken: bool,
    /// The middles of the lanes below the first and the second row.
    pub lanes: [f64; 2],
}

/// The networks of which `id` is the mean.
fn members(plan: &Plan, id: NetworkId) -> &[NetworkId] {
    match plan.network(id).map(|network| &network.origin) {
        Some(Origin::Ensemble(members)) => members,
        _ => &[],
    }
}

/// Whether the ensemble is what the product imitates: then it stands between its members and the product.
pub fn is_between(plan: &Plan) -> bool {
    let taught = plan.teachers(plan.product).iter().map(|(teacher, _)| teacher);
    let members = members(plan, NetworkId::ENSEMBLE);
    !members.is_empty() && taught.eq(members)
}

/// The cells of a map of two rows.
fn cells(plan: &Plan) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut add = |part: Part, column: usize, row: f64| {
        cells.push(Cell { parts: vec![part], column, row, area: Area::default() });
    };
    add(Part::Data, 0, 0.5);
    let is_single = plan.contrast == Contrast::Single;
    let (mut column, mut last) = (0, None);
    for id in plan.ids() {
        if id == plan.product || (id == plan.control && !is_single) || id.role == Role::Ensemble {
            continue;
        }
        // Teachers stand together, whenever they learn.
        let phase = plan.supervision(id).map(|(phase, _)| phase).filter(|_| id.role != Role::Teacher);
        if last == Some((id.role, phase)) {
            add(Part::Network(id), column, 0.5);
        } else {
            column += 1;
            add(Part::Network(id), column, 0.0);
        }
        last = Some((id.role, phase));
    }
    let ensemble = plan.network(NetworkId::ENSEMBLE).is_some();
    if is_between(plan) {
        column += 1;
        add(Part::Network(NetworkId::ENSEMBLE), column, 0.0);
    }
    column += 1;
    add(Part::Network(plan.product), column, 0.0);
    if !is_single {
        add(Part::Network(plan.control), column, 1.0);
    }
    if ensemble && !is_between(plan) {
        add(Part::Network(NetworkId::ENSEMBLE), if is_single { column } else { column + 1 }, 1.0);
    }
    add(Part::Packed, column + 1, 0.0);
    gather(plan, cells)
}

/// Cells of one column become a group, unless they are the product's teacher and the control's.
fn gather(plan: &Plan, cells: Vec<Cell>) -> Vec<Cell> {
    let only = |id: NetworkId| match plan.teachers(id) {
        [(teacher, _)] => Some(Part::Network(*teacher)),
        _ => None,
    };
    let mut gathered: Vec<Cell> = Vec::new();
    for mut cell in cells {
        match gathered.last_mut() {
            Some(before) if cell.row == 0.5 && before.column == cell.column => {
                if only(plan.control) == Some(cell.parts[0]) && only(plan.product) == Some(before.parts[0]) {
                    cell.row = 1.0;
                    gathered.push(cell);
                } else {
                    before.row = 0.5;
                    before.parts.append(&mut cell.parts);
                }
            }
            _ => gathered.push(cell),
        }
    }
    gathered
}

impl<'a> Grid<'a> {
    /// Puts all nodes into their places.
    pub fn new(plan: &'a Plan, experiment: &'a Experiment, width: f64) -> Self {
        let cells = cells(plan);
        let group = cells.iter().position(|cell| cell.parts.len() > 1);
        let columns = cells.iter().map(|cell| cell.column + 1).max().unwrap_or(0);
        let is_narrow = width < WIDTHS[1];
        let mut grid = Self {
            plan,
            experiment,
            width,
            height: 0.0,
            cells,
            group,
            is_large: !is_narrow && columns <= MOST_LARGE,
            is_broken: is_narrow && (columns > NARROW_COLUMNS || group.is_some()),
            lanes: [0.0; 2],
        };
        if grid.is_broken {
            grid.break_columns();
        }
        let mut lefts = grid.columns(columns);
        // Large nodes that leave no room for words are no gain.
        if grid.is_large && (1..columns).any(|column| lefts[column][0] - lefts[column - 1][1] < 0.75 * WIDE_GAP) {
            grid.is_large = false;
            lefts = grid.columns(columns);
        }
        let rows = grid.rows();
        for index in 0..grid.cells.len() {
            let extent = grid.extent(index);
            let cell = &grid.cells[index];
            let [left, right] = lefts[cell.column];
            let x = match grid.is_broken && group == Some(index) {
                true => width - 1.0 - extent[0] / 2.0,
                false => (left + right) / 2.0,
            };
            let y = if cell.row == 0.5 { (rows[0] + rows[1]) / 2.0 } else { rows[cell.row as usize] };
            grid.cells[index].area = Area::around([x, y], extent);
        }
        grid
    }

    /// The columns in two lines: what comes first, and what comes last with the product.
    fn break_columns(&mut self) {
        let product = self.cell(Part::Network(self.plan.product)).column;
        let group = self.group.map_or(NARROW_COLUMNS, |group| self.cells[group].column);
        for cell in &mut self.cells {
            (cell.column, cell.row) = match cell.column {
                column if column >= product => (column + 2 - product, cell.row + 1.0),
                column if column > group || column >= NARROW_COLUMNS => (column + 2 - product, 1.0),
                column => (column, 0.0),
            };
        }
    }

    /// The place of a part's cell in the list.
    pub fn index(&self, part: Part) -> usize {
        self.cells.iter().position(|cell| cell.parts.contains(&part)).unwrap_or(0)
    }

    pub fn cell(&self, part: Part) -> &Cell {
        &self.cells[self.index(part)]
    }

    /// Whether a part stands right behind the data.
    pub fn is_first(&self, part: Part) -> bool {
        let cell = self.cell(part);
        cell.column == 1 && (!self.is_broken || cell.row == 0.0)
    }

    pub fn is_narrow(&self) -> bool {
        self.width < WIDTHS[1]
    }

    /// Width and height of a cell: a network's area grows with the logarithm of its parameters.
    fn extent(&self, index: usize) -> [f64; 2] {
        /// Everything from a perceptron of a few units to one of a million parameters has its size.
        const LEAST: f64 = 30.0;
        const MOST: f64 = 1e6;
        if self.group == Some(index) {
            let [columns, rows, width, height, gap] = self.group_grid();
            return [columns * (width + gap) + gap, rows * (height + gap) + gap];
        }
        let part = self.cells[index].parts[0];
        let Part::Network(id) = part else {
            return match (self.is_large, self.is_narrow()) {
                (true, _) => [140.0, 62.0],
                (_, true) => [63.0, 55.0],
                _ => [88.0, 60.0],
            };
        };
        let parameters = self.plan.network(id).map_or(0, |network| {
            let outputs = self.experiment.class_count() + network.extra_outputs as usize;
            network.architecture.parameter_count(self.experiment.input_count(), outputs)
        });
        let share = ((parameters as f64 / LEAST).max(1.0).ln() / (MOST / LEAST).ln()).min(1.0);
        let [width, height, more_width, more_height] = match (self.is_large, self.is_narrow()) {
            (true, _) => [116.0, 58.0, 52.0, 14.0],
            (_, true) => [65.0, 54.0, 6.0, 2.0],
            _ => [78.0, 54.0, 20.0, 14.0],
        };
        [width + share * more_width, height + share * more_height]
    }

    /// Columns and rows of the group, the size of a node in it, and the gap between them.
    pub fn group_grid(&self) -> [f64; 5] {
        let Some(group) = self.group.map(|group| &self.cells[group]) else { return [0.0; 5] };
        let count = group.parts.len();
        let columns = if self.is_narrow() { 7 - 2 * group.column } else { count.div_ceil(GROUP_ROWS) };
        let rows = count.div_ceil(columns);
        let [width, height, gap] = if self.is_narrow() { [46.0, 31.0, 5.0] } else { [78.0, 42.0, 8.0] };
        [count.div_ceil(rows) as f64, rows as f64, width, height, gap]
    }

    /// Where each column begins and ends.
    fn columns(&self, count: usize) -> Vec<[f64; 2]> {
        if self.is_broken {
            // Edges turn at the left of the first column, too.
            const MARGIN: f64 = 15.0;
            const WIDTH: f64 = 71.0;
            let step = (self.width - 1.0 - MARGIN - WIDTH) / (NARROW_COLUMNS - 1) as f64;
            let left = |column: usize| MARGIN + step * column as f64;
            return (0..NARROW_COLUMNS).map(|column| [left(column), left(column) + WIDTH]).collect();
        }
        let mut widths = vec![0.0_f64; count];
        for (index, cell) in self.cells.iter().enumerate() {
            widths[cell.column] = widths[cell.column].max(self.extent(index)[0]);
        }
        // More is said of soft targets than of labels and bits; and the scheme's name stands above the data.
        let [first, last] = match (self.is_narrow(), self.is_large) {
            (true, _) => [0.35, 0.35],
            (_, true) => [0.9, 0.7],
            _ => [1.35, 0.8],
        };
        let weight = |gap: usize| match gap {
            0 => first,
            gap if gap + 2 == count => last,
            _ => 1.2,
        };
        // At the right stand the buttons that save the map; on a phone they stand above it.
        let margin = if self.is_narrow() { 2.0 } else { 34.0 };
        let free = self.width - margin - widths.iter().sum::<f64>();
        let all: f64 = (0..count - 1).map(weight).sum();
        // Room for the outline.
        let mut left = 1.0;
        let mut lefts = Vec::new();
        for (gap, width) in widths.iter().enumerate() {
            lefts.push([left, left + width]);
            left += width + free * weight(gap) / all;
        }
        lefts
    }

    /// The middles of the rows. Sets the lanes and the height, too.
    fn rows(&mut self) -> [f64; 3] {
        let (rows, lanes, height) = match (self.is_broken, self.is_narrow(), self.group) {
            (true, _, None) => ([57.0, 135.0, 213.0], [96.0, 174.0], 244.0),
            (true, _, Some(group)) => {
                let (head, lane, node) = (26.0, 25.0, 56.0);
                let below = head + self.extent(group)[1].max(node) + lane;
                let second = below + node / 2.0;
                let third = second + node + 20.0;
                let lanes = [below - lane / 2.0, (second + third) / 2.0];
                ([(head + below - lane) / 2.0, second, third], lanes, third + node / 2.0 + 2.0)
            }
            (false, true, _) => ([60.0, 140.0, 0.0], [100.0, 172.0], 172.0),
            (false, false, group) => {
                // Small columns leave no room for the scheme's name beside the first of them, unless all is wide.
                let head = if self.is_large || self.width == WIDTHS[0] { 0.0 } else { 24.0 };
                let bottom = head + if group.is_some() { 176.0 } else { 172.0 };
                ([head + 39.0, head + 135.0, 0.0], [head + 87.0, head + 172.0], bottom)
            }
        };
        (self.lanes, self.height) = (lanes, height);
        rows
    }

    /// The nodes, those of the group each by itself.
    pub fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        for cell in &self.cells {
            let [columns, _, width, height, gap] = self.group_grid();
            for (place, &part) in cell.parts.iter().enumerate() {
                if cell.parts.len() == 1 {
                    let size = if self.is_large { Size::Large } else { Size::Small };
                    nodes.push(Node { part, area: cell.area, size });
                    continue;
                }
                let (column, row) = (place % columns as usize, place / columns as usize);
                let left = cell.area.left + gap + column as f64 * (width + gap);
                let top = cell.area.top + gap + row as f64 * (height + gap);
                nodes.push(Node { part, area: Area { left, top, width, height }, size: Size::Tiny });
            }
        }
        nodes
    }
}
