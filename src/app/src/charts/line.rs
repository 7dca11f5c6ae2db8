//! A line of a chart, and what it looks like beside its name.

use retort_spec::NetworkId;
use yew::prelude::*;

use crate::{
    charts::plot::Frame,
    widgets::{dom::network_class, island::island},
};

/// Whose line it is, and so its hue, its dashes and its mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Owner {
    /// A network of the current run.
    Network(NetworkId),
    /// The student of a kept run, by the run's mark, or a term of the loss, by its own.
    Kept(usize),
    /// A student of a run before this one.
    Past,
}

impl Owner {
    fn class(self) -> String {
        match self {
            Self::Network(network_id) => network_class(network_id),
            Self::Kept(mark) => format!("kept kept-{mark}"),
            Self::Past => "past".to_owned(),
        }
    }
}

/// A line's looks and course.
#[derive(PartialEq)]
pub struct LineProps {
    pub owner: Owner,
    /// Epochs and values.
    pub values: Vec<(u32, f64)>,
    pub frame: Frame,
    /// Whether it was measured on training examples.
    pub train: bool,
    /// Whether it is of another seed than the first.
    pub other_seed: bool,
}

/// A line. As an island it is written anew only when it or the axes changed.
pub fn line(props: LineProps) -> Html {
    island("line", props, |_, props| written(props))
}

fn written(props: &LineProps) -> Html {
    let LineProps { owner, values, frame, train, other_seed } = props;
    let class = classes!("line", owner.class(), train.then_some("train"), other_seed.then_some("other-seed"));
    let end = values.last().map(|(epoch, value)| (frame.x(*epoch), frame.y(*value)));
    html! {
        <>
            <path {class} d={frame.path(values)} />
            if let (Owner::Kept(number), Some(end)) = (owner, end) {
                { mark(*number, end) }
            }
        </>
    }
}

/// A kept run's mark: a shape tells runs apart where dashes are too short to.
fn mark(number: usize, (x, y): (f64, f64)) -> Html {
    const SHAPES: [&str; 5] = [
        "m-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0z",
        "m-3.5,-3.5h7v7h-7z",
        "m0,-4.5l4.5,8h-9z",
        "m0,-5l5,5l-5,5l-5,-5z",
        "m-4,-4l8,8m0,-8l-8,8",
    ];
    let shape = SHAPES[number % SHAPES.len()];
    html! { <path class={format!("mark kept-{number}")} d={format!("M{x:.1},{y:.1}{shape}")} /> }
}

/// A short piece of the line with its mark, within an SVG: from `x` to the right, around the height `y`.
pub fn piece(owner: Owner, x: f64, y: f64) -> Html {
    const LENGTH: f64 = 24.0;
    html! {
        <>
            <path class={classes!("line", owner.class())} d={format!("M{x:.1},{y:.1}h{LENGTH}")} />
            if let Owner::Kept(number) = owner {
                { mark(number, (x + LENGTH / 2.0, y)) }
            }
        </>
    }
}

/// A piece of the line to stand beside a name; the name says it all, so that it is hidden from readers.
pub fn sample(owner: Owner) -> Html {
    html! { <svg class="sample" viewBox="0 0 26 12" aria-hidden="true">{ piece(owner, 1.0, 6.0) }</svg> }
}
