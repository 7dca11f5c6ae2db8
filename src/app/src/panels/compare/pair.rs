//! Two runs side by side: the settings at which they differ, their numbers with the differences, and their curves.

use retort_spec::{CurvePoint, NetworkId};
use yew::prelude::*;

use crate::{
    charts::{
        axes::{axes, heading, level},
        line::{LineProps, Owner, line, sample},
        plot::{self, Frame},
    },
    context::AppContext,
    i18n::labels::knob_name,
    panels::compare::row::{Row, SHOWN, difference, figure_name, value, written},
    state::{
        chart_view::{Part, Quantity},
        saved_run::{Figure, MOST_CHARTED, differing},
    },
    widgets::{
        cell::{Cell, row},
        dom::unit,
    },
};

/// The two runs.
pub fn pair(page: &AppContext, sides: [&Row<'_>; 2]) -> Html {
    let texts = &page.texts;
    let owners = owners(sides);
    let knobs = differing(&sides.map(|side| side.experiment));
    let mut lines = Vec::new();
    let mut line = |class, name: String, [one, other]: [String; 2], difference: String| {
        let cells = [name, one, other, difference].map(|text| Cell::text("", text)).into();
        lines.push(row(lines.len(), class, false, cells));
    };
    for knob in &knobs {
        let values = sides.map(|side| value(texts, knob, side.experiment));
        line("setting", knob_name(texts, knob), values, String::new());
    }
    for (figure, class) in SHOWN {
        let values = sides.map(|side| written(texts, &side.numbers, figure));
        let less = difference(texts, &sides[0].numbers, &sides[1].numbers, figure);
        line(class, figure_name(page, figure), values, less);
    }
    let side = |place: usize| Cell {
        content: html! { <>{ sample(owners[place]) }{ &sides[place].name }</> },
        ..Cell::default()
    };
    let head = vec![Cell::default(), side(0), side(1), Cell::text("", texts.get("confusion-difference"))];
    html! {
        <div class="pair">
            <table class="pair-table">
                <caption>{ texts.get(if knobs.is_empty() { "compare-same" } else { "compare-pair" }) }</caption>
                <thead>{ row(0, "", true, head) }</thead>
                <tbody>{ lines }</tbody>
            </table>
            { chart(page, sides, owners) }
        </div>
    }
}

/// What the lines of two runs look like: as on the chart of learning curves, where that tells them apart.
fn owners(sides: [&Row<'_>; 2]) -> [Owner; 2] {
    let [one, other] = sides.map(|side| side.kept.map(|(_, kept)| kept.mark));
    // Marks repeat among many kept runs.
    let other = if one == other { other.map(|mark| (mark + 1) % MOST_CHARTED) } else { other };
    [one, other].map(|mark| mark.map_or(Owner::Network(NetworkId::STUDENT), Owner::Kept))
}

/// The accuracy of both products on test examples over the epochs of the first seed.
fn chart(page: &AppContext, sides: [&Row<'_>; 2], owners: [Owner; 2]) -> Html {
    let texts = &page.texts;
    let curves = sides.map(|side| {
        let value = |point: &CurvePoint| Quantity::Accuracy.of(Part::Test, point).map(|value| (point.epoch, value));
        let curve = plot::curve(side.points, 0, side.experiment.plan().product);
        curve.filter_map(value).collect::<Vec<(u32, f64)>>()
    });
    let last = curves.iter().flatten().map(|(epoch, _)| *epoch).max().unwrap_or(0).max(1);
    let frame = Frame { width: 420.0, height: 230.0, last, top: 1.0, bottom: 0.0 };
    let values = sides.map(|side| format!("{} {}", side.name, written(texts, &side.numbers, Figure::Product)));
    let args = [
        ("quantity", heading(page, Quantity::Accuracy).into()),
        ("values", values.join(texts.language.comma()).into()),
    ];
    html! {
        <figure>
            <figcaption>{ texts.get("compare-curves") }</figcaption>
            <svg class="chart" viewBox={format!("0 0 {} {}", frame.width, frame.height)} style={unit(frame.width)} role="img" aria-label={texts.with("curve-chart", &args)}>
                { axes(page, frame, 4, &|value| level(texts, Quantity::Accuracy, value)) }
                { for curves.into_iter().zip(owners).map(|(values, owner)| {
                    line(LineProps { owner, values, frame, train: false, other_seed: false })
                }) }
            </svg>
        </figure>
    }
}
