//! What a task shows of itself, drawn block by block; the engine that trains the task decides what the blocks are.

use retort_spec::{Block, Cell, Command, ExhibitPlace, Floats, NetworkId, Phrase, PhraseValue, Piece, RowName, encode};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{bytes, number, percentage, tenth},
    island,
    state::Action,
    widgets::{
        bars::{BarsProps, use_bars},
        dom::{network_class, text_of},
        knob::knob_label,
    },
};

/// The exhibit of a place, or room for it.
pub fn exhibit(page: &AppContext, place: ExhibitPlace) -> Html {
    let Some(exhibit) = page.state.exhibit(place) else {
        return html! { <p class="empty">{ page.texts.get("exhibit-empty") }</p> };
    };
    // Keyed, so that a sentence that comes between two blocks leaves the field as it is, focus and all.
    let keyed = |(index, one): (usize, &Block)| {
        let (kind, key) = match one {
            Block::Field { id, .. } => ("field", format!("field-{id}")),
            Block::Texts { id, .. } => ("texts", format!("texts-{id}")),
            Block::Note(note) => ("note", note.key.clone()),
            _ => ("block", format!("block-{}", exhibit.blocks.len() - index)),
        };
        html! { <div class={format!("exhibit-{kind}")} {key}>{ block(page, one) }</div> }
    };
    html! { <div class="exhibit">{ for exhibit.blocks.iter().enumerate().map(keyed) }</div> }
}

/// A message with its values.
fn phrase(page: &AppContext, phrase: &Phrase) -> String {
    let values: Vec<_> = phrase
        .values
        .iter()
        .map(|(name, value)| {
            let value = match value {
                PhraseValue::Text(text) => text.as_str().into(),
                // As a number where a message may choose words by it.
                PhraseValue::Number(value) if value.fract() == 0.0 && *value >= 0.0 => (*value as u32).into(),
                PhraseValue::Number(value) => number(&page.texts, *value, 1).into(),
            };
            (name.as_str(), value)
        })
        .collect();
    page.texts.with(&phrase.key, &values)
}

fn block(page: &AppContext, block: &Block) -> Html {
    match block {
        Block::Note(note) => html! { <p class="note">{ phrase(page, note) }</p> },
        Block::Field { id, label, text, suggestions } => field(page, *id, &phrase(page, label), text, suggestions),
        Block::Choose { knob, options, chosen } => menu(page, knob, options, *chosen),
        Block::Bars { caption, names, right, rows } => {
            let classes = rows.first().map_or(0, |(_, logits)| logits.len());
            let bars = BarsProps {
                data: page.state.experiment.data,
                names: names.clone(),
                logits: rows.iter().map(|(id, logits)| (*id, Some(logits.to_vec()))).collect(),
                classes,
                label: right.map(|right| right as usize),
            };
            html! { <div class="bars-block"><h3>{ phrase(page, caption) }</h3>{ island!(use_bars, bars) }</div> }
        }
        Block::Texts { id, network, caption, lines, chosen } => {
            let caption = caption.as_ref().map(|caption| phrase(page, caption));
            texts_of(page, (*id, *network), caption, lines, *chosen)
        }
        Block::Table { caption, columns, rows } => table(page, &phrase(page, caption), columns, rows),
        Block::Files { id, caption, files } => {
            let button = |(word, name, size): &(String, Phrase, f64)| {
                let (page, id, word) = (page.clone(), *id, word.clone());
                let size = bytes(&page.texts, *size);
                let label = phrase(&page, name);
                let onclick = Callback::from(move |_: MouseEvent| ask(&page, id, word.clone()));
                html! { <button {onclick}>{ label }<small>{ size }</small></button> }
            };
            html! { <><h3>{ phrase(page, caption) }</h3><div class="files">{ for files.iter().map(button) }</div></> }
        }
        Block::Chart { caption, axes, ranges, truth, points, lines, clouds } => {
            let axes = [phrase(page, &axes[0]), phrase(page, &axes[1])];
            let plane = Plane { ranges: *ranges };
            html! {
                <figure class="chart-block">
                    { plane.draw(page, &phrase(page, caption), &axes, [truth, points], lines, clouds) }
                    <figcaption>{ phrase(page, caption) }</figcaption>
                    { legend(page, lines, clouds, [!truth.is_empty(), !points.is_empty()]) }
                </figure>
            }
        }
    }
}

/// Sends a question about a block.
fn ask(page: &AppContext, id: u8, text: String) {
    page.driver.send(&Command::Ask { id, text });
}

fn field(page: &AppContext, id: u8, label: &str, text: &str, suggestions: &[String]) -> Html {
    let typed = {
        let page = page.clone();
        Callback::from(move |event: InputEvent| {
            if let Some(input) = event.target_dyn_into::<web_sys::HtmlInputElement>() {
                ask(&page, id, input.value());
            }
        })
    };
    let choose = {
        let page = page.clone();
        Callback::from(move |event: Event| ask(&page, id, text_of(&event).to_owned()))
    };
    let name = format!("ask-{id}");
    html! {
        <div class="ask">
            <label for={name.clone()}>{ label }</label>
            <input id={name.clone()} type="text" value={text.to_owned()} maxlength="400" autocomplete="off" spellcheck="false" oninput={typed} />
            <select aria-label={page.texts.get("ask-suggestions")} onchange={choose}>
                <option value={text.to_owned()} selected=true disabled=true>{ page.texts.get("ask-suggestions") }</option>
                { for suggestions.iter().map(|suggestion| html! { <option value={suggestion.clone()}>{ suggestion }</option> }) }
            </select>
        </div>
    }
}

/// A menu each of whose choices sets knobs, in one step.
fn menu(page: &AppContext, knob: &str, options: &[(String, String)], chosen: u32) -> Html {
    let change = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let link = encode(&page.state.experiment.adapted(&text_of(&event)));
            page.state.dispatch(Action::Navigate(link));
        })
    };
    let name = format!("knob-{knob}");
    let option = |(index, (text, knobs)): (usize, &(String, String))| {
        html! { <option value={knobs.clone()} selected={index == chosen as usize}>{ text }</option> }
    };
    html! {
        <div class="knob" data-knob={knob.to_owned()}>
            { knob_label(page, knob, Some(&name)) }
            <select id={name} disabled={page.locks(knob)} onchange={change}>{ for options.iter().enumerate().map(option) }</select>
        </div>
    }
}

/// Texts as buttons of letters or words, the darker the more surprising or the more looked at.
fn texts_of(
    page: &AppContext,
    (id, network): (u8, NetworkId),
    caption: Option<String>,
    lines: &[Vec<Piece>],
    chosen: Option<[u32; 2]>,
) -> Html {
    let letter = |line: usize, at: usize, piece: &Piece| {
        let page = page.clone();
        let onclick = Callback::from(move |_: MouseEvent| ask(&page, id, format!("{line},{at}")));
        let pressed = chosen == Some([line as u32, at as u32]);
        html! {
            <button {onclick} aria-pressed={pressed.to_string()} style={format!("--shade:{:.0}%", 100.0 * piece.shade)}>{ &piece.text }</button>
        }
    };
    html! {
        <div class={classes!("texts", network_class(network))}>
            <h3>{ page.name(network) }{ for caption.map(|caption| html! { <small>{ caption }</small> }) }</h3>
            { for lines.iter().enumerate().map(|(line, pieces)| html! {
                <p>{ for pieces.iter().enumerate().map(|(at, piece)| letter(line, at, piece)) }</p>
            }) }
        </div>
    }
}

fn cell(page: &AppContext, cell: &Cell) -> String {
    let texts = &page.texts;
    match *cell {
        Cell::None => "–".into(),
        Cell::Number(value, decimals) => number(texts, value, decimals.into()),
        Cell::Share(share) => percentage(texts, share),
        Cell::Bytes(length) => bytes(texts, length),
    }
}

fn table(page: &AppContext, caption: &str, columns: &[Phrase], rows: &[(RowName, Vec<Cell>)]) -> Html {
    let row = |(name, cells): &(RowName, Vec<Cell>)| {
        let (class, name) = match name {
            RowName::Network(id) => (network_class(*id), page.name(*id)),
            RowName::Phrase(name) => (String::new(), phrase(page, name)),
        };
        html! { <tr {class}><th scope="row">{ name }</th>{ for cells.iter().map(|one| html! { <td>{ cell(page, one) }</td> }) }</tr> }
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={caption.to_owned()}><table class="measures">
            <caption>{ caption }</caption>
            <thead><tr><td></td>{ for columns.iter().map(|one| html! { <th scope="col">{ phrase(page, one) }</th> }) }</tr></thead>
            <tbody>{ for rows.iter().map(row) }</tbody>
        </table></div>
    }
}

/// The names of the lines or clouds, and of what else is drawn.
fn legend(
    page: &AppContext,
    lines: &[(NetworkId, Floats)],
    clouds: &[(NetworkId, Floats)],
    [has_truth, has_points]: [bool; 2],
) -> Html {
    let has_line = |id: &NetworkId| lines.iter().any(|(other, _)| other == id);
    let all = lines.iter().chain(clouds.iter().filter(|(id, _)| !has_line(id)));
    html! {
        <p class="legend">
            { for all.map(|(id, _)| html! { <span class={network_class(*id)}>{ page.short_name(*id) }</span> }) }
            if has_truth {
                <span class="truth">{ page.texts.get("chart-truth") }</span>
            }
            if has_points {
                <span class="points">{ page.texts.get("chart-points") }</span>
            }
        </p>
    }
}

/// A plane of numbers in a picture.
struct Plane {
    ranges: [[f64; 2]; 2],
}

impl Plane {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 340.0;
    const LEFT: f64 = 38.0;
    const BOTTOM: f64 = 24.0;

    fn x(&self, value: f64) -> f64 {
        let [least, most] = self.ranges[0];
        Self::LEFT + (value - least) / (most - least) * (Self::WIDTH - Self::LEFT)
    }

    fn y(&self, value: f64) -> f64 {
        let [least, most] = self.ranges[1];
        (Self::HEIGHT - Self::BOTTOM) * (1.0 - (value - least) / (most - least))
    }

    fn places<'a>(&'a self, pairs: &'a Floats) -> impl Iterator<Item = (f64, f64)> + 'a {
        pairs.chunks_exact(2).map(|pair| (self.x(pair[0].into()), self.y(pair[1].into())))
    }

    fn path(&self, pairs: &Floats) -> String {
        let step = |(at, (x, y)): (usize, (f64, f64))| format!("{}{x:.1},{y:.1}", if at == 0 { "M" } else { "L" });
        self.places(pairs).enumerate().map(step).collect()
    }

    fn dots(&self, pairs: &Floats, class: String) -> Html {
        html! { <g {class}>{ for self.places(pairs).map(|(x, y)| html! { <circle cx={tenth(x)} cy={tenth(y)} r="3" /> }) }</g> }
    }

    fn draw(
        &self,
        page: &AppContext,
        label: &str,
        axes: &[String; 2],
        [truth, points]: [&Floats; 2],
        lines: &[(NetworkId, Floats)],
        clouds: &[(NetworkId, Floats)],
    ) -> Html {
        let texts = &page.texts;
        let foot = Self::HEIGHT - Self::BOTTOM;
        // A few round numbers of a range, and the decimals that they have.
        let marks = |axis: usize| {
            let [least, most] = self.ranges[axis];
            let wide = (most - least) / 4.0;
            let power = wide.log10().floor();
            let round = [1.0, 2.0, 5.0].into_iter().map(|round| round * 10_f64.powf(power)).find(|step| *step >= wide);
            let step = round.unwrap_or(10_f64.powf(power + 1.0));
            let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as u32;
            let first = (least / step).ceil();
            let count = ((most / step).floor() - first).clamp(0.0, 9.0) as u32;
            (0..=count).map(move |mark| ((first + f64::from(mark)) * step, decimals))
        };
        html! {
            <svg class="regression" viewBox={format!("0 0 {} {}", Self::WIDTH, Self::HEIGHT)} role="img" aria-label={label.to_owned()}>
                <clipPath id="plane-clip"><rect x={tenth(Self::LEFT)} y="0" width={tenth(Self::WIDTH - Self::LEFT)} height={tenth(foot)} /></clipPath>
                { for marks(1).map(|(value, decimals)| html! { <>
                    <line class="grid" x1={tenth(Self::LEFT)} x2={tenth(Self::WIDTH)} y1={tenth(self.y(value))} y2={tenth(self.y(value))} />
                    <text x={tenth(Self::LEFT - 6.0)} y={tenth((self.y(value) + 4.0).max(12.0))} text-anchor="end">{ number(texts, value, decimals) }</text>
                </> }) }
                { for marks(0).map(|(value, decimals)| html! {
                    <text x={tenth(self.x(value).clamp(Self::LEFT + 8.0, Self::WIDTH - 8.0))} y={tenth(Self::HEIGHT - 6.0)} text-anchor="middle">{ number(texts, value, decimals) }</text>
                }) }
                <text x={tenth(Self::WIDTH)} y={tenth(foot - 6.0)} text-anchor="end">{ &axes[0] }</text>
                <text x={tenth(Self::LEFT + 6.0)} y="14">{ &axes[1] }</text>
                <g clip-path="url(#plane-clip)">
                    <path class="line truth" d={self.path(truth)} />
                    { self.dots(points, "points".into()) }
                    { for clouds.iter().map(|(id, pairs)| self.dots(pairs, format!("cloud {}", network_class(*id)))) }
                    { for lines.iter().map(|(id, pairs)| html! { <path class={format!("line {}", network_class(*id))} d={self.path(pairs)} /> }) }
                </g>
            </svg>
        }
    }
}
