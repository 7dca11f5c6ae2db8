//! Every map is drawn without overlap, at every width.

use retort_spec::{DataSet, Experiment, Labels, OnOff, Plan, Scheme};

use crate::{
    i18n::{Language, Texts, labels::short_name},
    panels::map::{
        geometry::{Area, head, line},
        layout::layout,
        model::{Edge, Flow, Layout, Part, Size, WIDTHS},
        words::width,
    },
};

/// Every scheme as it usually is, with few and with many members, with and without labels and weight.
fn cases() -> Vec<(String, Experiment)> {
    let mut cases = Vec::new();
    for &scheme in Scheme::ALL {
        for data in [DataSet::Digits8, DataSet::Moons, DataSet::Mnist] {
            let usual = Experiment::usual(data, scheme);
            let (least, most) = scheme.entry().members;
            for members in (least..=most).chain([usual.members]) {
                for labels in [usual.labels, Labels::Count(50)] {
                    for dense in [OnOff::Off, OnOff::On] {
                        let soft_weight = if labels == usual.labels { usual.soft_weight } else { 0.95 };
                        let experiment = Experiment { members, labels, dense, soft_weight, ..usual.clone() };
                        cases.push((format!("{scheme} {data} {members} {labels:?} {dense:?}"), experiment));
                    }
                }
            }
            let apart = Experiment { same_start: OnOff::Off, ..usual };
            cases.push((format!("{scheme} {data} apart"), apart));
        }
    }
    cases
}

fn each(check: impl Fn(&str, &Plan, &Layout)) {
    for (name, experiment) in cases() {
        let plan = experiment.plan();
        for width in WIDTHS {
            check(&format!("{name} at {width}"), &plan, &layout(&plan, &experiment, width));
        }
    }
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.left < b.right() && b.left < a.right() && a.top < b.bottom() && b.top < a.bottom()
}

/// The box of a part of a way, without its ends.
fn stretch(a: [f64; 2], b: [f64; 2]) -> Area {
    let [left, top] = [a[0].min(b[0]), a[1].min(b[1])];
    Area { left: left + 0.5, top: top + 0.5, width: (a[0] - b[0]).abs() - 1.0, height: (a[1] - b[1]).abs() - 1.0 }
}

#[test]
fn every_network_has_a_node_and_no_two_overlap() {
    each(|name, plan, map| {
        assert_eq!(map.nodes.len(), plan.ids().count() + 2, "{name}");
        for (i, node) in map.nodes.iter().enumerate() {
            let Area { left, top, .. } = node.area;
            assert!(left >= 0.0 && top >= 0.0, "{name}: {node:?}");
            assert!(node.area.right() <= map.width && node.area.bottom() <= map.height, "{name}: {node:?}");
            assert!(!map.nodes[i + 1..].iter().any(|other| overlap(&node.area, &other.area)), "{name}: {node:?}");
        }
        // The networks of a large soup stand in three rows, beside their start.
        let is_tall = plan.ids().count() > 9 && map.group.is_some_and(|group| group.width < 200.0);
        let most = if map.width < WIDTHS[1] {
            if is_tall { 298.0 } else { 264.0 }
        } else if map.width < WIDTHS[0] {
            204.0
        } else {
            180.0
        };
        assert!(map.height <= most, "{name} is {} high", map.height);
    });
}

#[test]
fn no_edge_runs_through_a_node_or_leaves_the_picture() {
    each(|name, _, map| {
        for edge in &map.edges {
            for pair in edge.way.windows(2) {
                assert!(pair[0][0] == pair[1][0] || pair[0][1] == pair[1][1], "{name}: {edge:?} is oblique");
                for [x, y] in pair {
                    assert!((1.0..map.width).contains(x) && (1.0..map.height).contains(y), "{name}: {edge:?}");
                }
                let crossed = map.nodes.iter().find(|node| {
                    let Area { left, top, width, height } = node.area;
                    let inner = Area { left: left + 1.0, top: top + 1.0, width: width - 2.0, height: height - 2.0 };
                    overlap(&inner, &stretch(pair[0], pair[1]))
                });
                assert_eq!(crossed, None, "{name}: {edge:?}");
            }
        }
    });
}

#[test]
fn every_lesson_of_the_plan_is_drawn() {
    each(|name, plan, map| {
        let of = |flow: Flow| map.edges.iter().filter(|edge| edge.flow == flow).collect::<Vec<&Edge>>();
        assert_eq!(of(Flow::Bits).len(), 1, "{name}");
        for pair in [plan.product, plan.control].map(Part::Network) {
            let Part::Network(id) = pair else { continue };
            let taught = map.edges.iter().any(|edge| edge.to == pair && matches!(edge.flow, Flow::Soft | Flow::Peers));
            assert_eq!(taught, !plan.teachers(id).is_empty(), "{name}: {id}");
        }
    });
}

#[test]
fn words_stand_in_the_picture_and_on_no_node() {
    each(|name, _, map| {
        for words in &map.words {
            let ([x, y], wide) = (words.at, words.room.min(40.0));
            let left = match words.anchor {
                "start" => x,
                "end" => x - wide,
                _ => x - wide / 2.0,
            };
            let area = Area { left, top: y - 9.0, width: wide, height: 10.0 };
            assert!(left >= 0.0 && area.right() <= map.width && area.bottom() <= map.height, "{name}: {words:?}");
            let on = map.nodes.iter().find(|node| overlap(&node.area, &area));
            assert_eq!(on, None, "{name}: {words:?}");
        }
    });
}

#[test]
fn names_and_numbers_fit_into_their_nodes() {
    for language in [Language::English, Language::Chinese] {
        let texts = Texts::new(language);
        each(|name, plan, map| {
            for node in &map.nodes {
                let Part::Network(id) = node.part else { continue };
                let (type_size, inset) = match node.size {
                    Size::Large => (14.0, 24.0),
                    Size::Small => (12.0, 8.0),
                    Size::Tiny if node.area.width < 60.0 => continue,
                    Size::Tiny => (12.0, 10.0),
                };
                // The longest names of small nodes are squeezed a little.
                let squeeze = if node.size == Size::Small { 1.25 } else { 1.0 };
                let wide = width(&short_name(&texts, plan, id), type_size) / squeeze;
                assert!(wide <= node.area.width - inset + 6.0, "{name}: {id} needs {wide} of {}", node.area.width);
            }
        });
    }
}

#[test]
fn the_product_stands_above_its_control_which_is_as_large() {
    let plan = Experiment::default().plan();
    let map = layout(&plan, &Experiment::default(), WIDTHS[0]);
    let area = |id| map.nodes.iter().find(|node| node.part == Part::Network(id)).unwrap().area;
    let (product, control) = (area(plan.product), area(plan.control));
    assert_eq!((product.left, product.width, product.height), (control.left, control.width, control.height));
    assert!(product.bottom() < control.top);
    let teacher = area(retort_spec::NetworkId::TEACHER);
    assert!(teacher.width * teacher.height > product.width * product.height, "it has more parameters");
}

#[test]
fn corners_are_round_and_heads_point_forward() {
    assert_eq!(line(&[[0.0, 0.0], [20.0, 0.0], [20.0, 30.0]], 5.0), "M0.0,0.0L15.0,0.0Q20.0,0.0  20.0,5.0L20.0,30.0");
    let right = head([10.0, 5.0], [0.0, 5.0], 5.0);
    assert!(right.starts_with("M10.0,5.0L5.0,"), "{right}");
}
