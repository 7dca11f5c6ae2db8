//! What the bytes of the packed file are spent on, beside the length of the same network's file at 32 bits.

use retort_spec::{ByteBreakdown, CompressionResult};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{bytes, tenth},
};

const WIDTH: f64 = 240.0;
/// Height of the bar that compares with 32 bits.
const SCALE: f64 = 8.0;
/// Height of the bar of the parts.
const BAR: f64 = 18.0;
/// Between them the lines that widen the packed file to the whole width.
const GAP: f64 = 12.0;
/// Message and fill of each part; the hue is the network's, so that the pattern tells them apart.
const LOOKS: [(&str, &str); 7] = [
    ("part-weights", "var(--student)"),
    ("part-scales", "url(#part-stripes)"),
    ("part-masks", "url(#part-bars)"),
    ("part-codebooks", "url(#part-grid)"),
    ("part-biases", "url(#part-dots)"),
    ("part-activations", "url(#part-lines)"),
    ("part-header", "var(--paper)"),
];

/// The parts in the order of the bar.
fn lengths(parts: &ByteBreakdown) -> [u32; 7] {
    let ByteBreakdown {
        header,
        metadata,
        scales,
        zero_points,
        weights,
        masks,
        codebooks,
        biases,
        activations,
        link: _,
    } = *parts;
    [weights, scales + zero_points, masks, codebooks, biases, activations, header + metadata]
}

/// Where each part begins and how wide it is, on a bar of this width.
fn stack(lengths: [u32; 7], width: f64) -> [(f64, f64); 7] {
    let total = lengths.iter().map(|&length| f64::from(length)).sum::<f64>().max(1.0);
    let mut from = 0.0;
    lengths.map(|length| {
        let place = (from, width * f64::from(length) / total);
        from += place.1;
        place
    })
}

/// The stacked bar with its numbers; nothing where the parts of the file are not known.
pub fn bar(page: &AppContext, chosen: &CompressionResult, float: &CompressionResult) -> Html {
    let texts = &page.texts;
    let lengths = lengths(&chosen.breakdown);
    if lengths.iter().sum::<u32>() != chosen.bytes {
        return Html::default();
    }
    let written = |length: u32| bytes(texts, length.into());
    let share = (WIDTH * f64::from(chosen.bytes) / f64::from(float.bytes.max(1))).min(WIDTH);
    let summary =
        texts.with("parts-chart", &[("bytes", written(chosen.bytes).into()), ("float", written(float.bytes).into())]);
    let part = |((_, fill), (x, width)): ((&str, &'static str), (f64, f64))| {
        html! {
            <rect class="part" x={tenth(x)} y={(SCALE + GAP).to_string()}
                width={tenth(width)} height={BAR.to_string()} {fill} />
        }
    };
    let row = |((id, fill), length): ((&'static str, &'static str), u32)| {
        html! {
            <tr>
                <th scope="row"><svg viewBox="0 0 14 12" aria-hidden="true"><rect class="part" x="0.5" y="0.5" width="13" height="11" {fill} /></svg>{ texts.get(id) }</th>
                <td {id}>{ written(length) }</td>
            </tr>
        }
    };
    let height = SCALE + GAP + BAR + 1.0;
    html! {
        <div id="parts">
            <svg class="chart" viewBox={format!("-0.5 -0.5 {} {height}", WIDTH + 1.0)} role="img" aria-label={summary}>
                <defs>
                    <pattern id="part-stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                        <rect class="ground" width="5" height="5" /><rect class="mark" width="2" height="5" />
                    </pattern>
                    <pattern id="part-dots" width="5" height="5" patternUnits="userSpaceOnUse">
                        <rect class="ground" width="5" height="5" /><circle class="mark" cx="2.5" cy="2.5" r="1.2" />
                    </pattern>
                    <pattern id="part-bars" width="4" height="4" patternUnits="userSpaceOnUse">
                        <rect class="ground" width="4" height="4" /><rect class="mark" width="1.5" height="4" />
                    </pattern>
                    <pattern id="part-grid" width="5" height="5" patternUnits="userSpaceOnUse">
                        <rect class="ground" width="5" height="5" /><path class="grid" d="M0,0H5M0,0V5" />
                    </pattern>
                    <pattern id="part-lines" width="4" height="4" patternUnits="userSpaceOnUse">
                        <rect class="ground" width="4" height="4" /><rect class="mark" width="4" height="1.2" />
                    </pattern>
                </defs>
                <rect class="whole" width={WIDTH.to_string()} height={SCALE.to_string()} />
                <rect class="share" width={tenth(share)} height={SCALE.to_string()} />
                <path class="widen" d={format!("M0,{SCALE}V{0}M{share:.2},{SCALE}L{WIDTH},{0}", SCALE + GAP)} />
                { for LOOKS.into_iter().zip(stack(lengths, WIDTH)).map(part) }
            </svg>
            <table class="parts">
                <caption class="hidden">{ texts.get("parts-caption") }</caption>
                <tbody>
                    { for LOOKS.into_iter().zip(lengths).filter(|(_, length)| *length > 0).map(row) }
                    <tr class="float"><th scope="row"><svg viewBox="0 0 14 12" aria-hidden="true"><rect class="whole" x="0.5" y="3" width="13" height="6" /></svg>{ texts.get("float-bytes") }</th>
                        <td>{ written(float.bytes) }</td></tr>
                </tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_fill_the_bar() {
        let parts =
            ByteBreakdown { header: 15, metadata: 5, scales: 60, weights: 100, biases: 20, ..ByteBreakdown::default() };
        let stacked = stack(lengths(&parts), 240.0);
        assert_eq!(stacked[..3], [(0.0, 120.0), (120.0, 72.0), (192.0, 0.0)]);
        assert_eq!((stacked[4], stacked[6]), ((192.0, 24.0), (216.0, 24.0)));
    }

    #[test]
    fn a_file_of_nothing_is_a_bar_of_nothing() {
        assert_eq!(stack([0; 7], 240.0), [(0.0, 0.0); 7]);
    }
}
