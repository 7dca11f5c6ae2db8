//! What a task shows of itself, drawn block by block; the engine that trains the task decides what the blocks are.

use retort_spec::{Block, Cell, Command, ExhibitPlace, NetworkId, Phrase, Piece, RowName, encode};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{
        format::{bytes, number, percentage},
        labels::class_name,
    },
    island,
    platform::place::Depth,
    state::Action,
    widgets::{
        bars::{BarsProps, use_bars},
        chart::{ChartProps, use_chart},
        dom::{network_class, text_of},
        knob::knob_label,
        phrase::phrase,
        pixel_grid::{Grid, grey},
        window::{PHONE, use_narrower},
    },
};

/// The exhibit of a place, or room for it.
pub fn exhibit(page: &AppContext, place: ExhibitPlace) -> Html {
    let Some(exhibit) = page.state.exhibit(place) else {
        return html! { <p class="empty">{ page.texts.get("exhibit-empty") }</p> };
    };
    let has = |is: fn(&Block) -> bool| exhibit.blocks.iter().any(is);
    let is_scheme = place == ExhibitPlace::Scheme;
    let is_table = |block: &&Block| matches!(block, Block::Table { .. });
    let first = exhibit.blocks.iter().find(is_table);
    // Pictures come first: numbers wait below texts to read, and on a phone below charts; so does a second table.
    let is_second = |block: &Block| first.is_some_and(|first| !std::ptr::eq(first, block));
    let folds = |block: &Block| match (is_scheme, page.place.depth) {
        (_, Depth::Everything) => Folds::Never,
        (false, _) if has(|block| matches!(block, Block::Texts { .. })) => Folds::Always,
        (true, _) if is_second(block) => Folds::Always,
        (true, _) if has(|block| matches!(block, Block::Chart { .. } | Block::Pictures { .. })) => Folds::Narrow,
        _ => Folds::Never,
    };
    // Keyed, so that a sentence that comes between two blocks leaves the field as it is, focus and all.
    let keyed = |(index, one): (usize, &Block)| {
        let (kind, key) = match one {
            Block::Field { id, .. } => ("field", format!("field-{id}")),
            Block::Texts { id, .. } => ("texts", format!("texts-{id}")),
            Block::Note(note) => ("note", note.key.clone()),
            Block::Pictures { caption, .. } => ("pictures", caption.key.clone()),
            Block::Table { .. } => ("table", format!("block-{}", exhibit.blocks.len() - index)),
            Block::Chart { .. } => ("chart", format!("block-{}", exhibit.blocks.len() - index)),
            _ => ("block", format!("block-{}", exhibit.blocks.len() - index)),
        };
        html! { <div class={format!("exhibit-{kind}")} {key}>{ block(page, one, is_scheme, folds(one)) }</div> }
    };
    html! { <div class="exhibit">{ for exhibit.blocks.iter().enumerate().map(keyed) }</div> }
}

fn block(page: &AppContext, block: &Block, is_beside: bool, folds: Folds) -> Html {
    match block {
        Block::Note(note) => html! { <p class="note">{ phrase(page, note) }</p> },
        Block::Field { id, label, text, suggestions } => {
            let (label, text, suggestions) = (phrase(page, label), text.clone(), suggestions.clone());
            island!(use_field, FieldProps { id: *id, label, text, suggestions })
        }
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
        Block::Texts { .. } => island!(use_texts, TextsProps { block: block.clone() }),
        Block::Pictures { caption, side, across, ink } => {
            let caption = phrase(page, caption);
            let picture = Grid::squares(ink, *side as usize, *across as usize, &|ink| grey(ink, 1.0));
            html! { <figure>{ picture.picture(caption.clone()) }<figcaption>{ caption }</figcaption></figure> }
        }
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
        Block::Table { .. } => island!(use_table, TableProps { block: block.clone(), folds }),
        Block::Chart { .. } => island!(use_chart, ChartProps { block: block.clone(), is_beside }),
    }
}

/// Sends a question about a block.
fn ask(page: &AppContext, id: u8, text: String) {
    page.driver.send(&Command::Ask { id, text });
}

/// What a field to type in is given.
#[derive(PartialEq)]
struct FieldProps {
    id: u8,
    label: String,
    /// What the engine was asked last.
    text: String,
    suggestions: Vec<String>,
}

/// A field to type a question in; each letter asks. What is being typed is the field's own until it is left: the engine
/// answers later than fast fingers, and its answer to an earlier letter would take back those that followed.
#[hook]
fn use_field(props: &FieldProps) -> Html {
    /// Letters of a line, where the browser does not let a field grow with its text.
    const LINE: usize = 40;
    let page = use_page();
    let draft = use_state(|| None::<String>);
    let FieldProps { id, label, text, suggestions } = props;
    let id = *id;
    let asked = {
        let (page, draft) = (page.clone(), draft.setter());
        move |event: &Event| {
            if let Some(input) = event.target_dyn_into::<web_sys::HtmlTextAreaElement>() {
                draft.set(Some(input.value()));
                ask(&page, id, input.value());
            }
        }
    };
    let typed = {
        let asked = asked.clone();
        Callback::from(move |event: InputEvent| asked(&event))
    };
    // A question has one line, however long.
    let entered = Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            asked(&event);
        }
    });
    let left = {
        let draft = draft.setter();
        Callback::from(move |_: FocusEvent| draft.set(None))
    };
    let choose = {
        let page = page.clone();
        Callback::from(move |event: Event| ask(&page, id, text_of(&event).to_owned()))
    };
    let name = format!("ask-{id}");
    let shown = draft.as_ref().unwrap_or(text);
    html! {
        <div class="ask">
            <label for={name.clone()}>{ label }</label>
            <textarea id={name} rows={(1 + shown.len() / LINE).to_string()} value={shown.clone()} maxlength="400" autocomplete="off" spellcheck="false"
                oninput={typed} onkeydown={entered} onblur={left} />
            <select aria-label={page.texts.get("ask-suggestions")} onchange={choose}>
                <option value={text.clone()} selected=true disabled=true>{ page.texts.get("ask-suggestions") }</option>
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

/// What texts are given.
#[derive(PartialEq)]
struct TextsProps {
    /// A [`Block::Texts`].
    block: Block,
}

/// Texts as buttons of letters or words, the darker the more surprising or the more looked at. Those of networks that
/// are neither the teacher nor compared are folded away; on a phone all but the teacher's, where there are many.
#[hook]
fn use_texts(props: &TextsProps) -> Html {
    let page = use_page();
    let is_narrow = use_narrower(PHONE);
    let Block::Texts { id, network, caption, lines, chosen } = &props.block else { return Html::default() };
    let (id, network) = (*id, *network);
    let caption = caption.as_ref().map(|caption| phrase(&page, caption));
    let letter = |line: usize, at: usize, piece: &Piece| {
        let page = page.clone();
        let onclick = Callback::from(move |_: MouseEvent| ask(&page, id, format!("{line},{at}")));
        let pressed = *chosen == Some([line as u32, at as u32]);
        html! {
            <button {onclick} aria-pressed={pressed.to_string()} style={format!("--shade:{:.0}%", 100.0 * piece.shade)}>{ &piece.text }</button>
        }
    };
    let written = lines.iter().enumerate().map(|(line, pieces)| {
        html! { <p>{ for pieces.iter().enumerate().map(|(at, piece)| letter(line, at, piece)) }</p> }
    });
    let class = classes!("texts", network_class(network));
    let plan = &page.state.plan;
    let is_compared = network == plan.product || (network == plan.control && !is_narrow);
    let is_looked_at =
        network == NetworkId::TEACHER || chosen.is_some() || is_compared && !(is_narrow && lines.len() > 1);
    if page.place.depth != Depth::Everything && !is_looked_at {
        return html! { <details {class}><summary>{ page.name(network) }</summary>{ for written }</details> };
    }
    html! {
        <div {class}>
            <h3>{ page.name(network) }{ for caption.map(|caption| html! { <small>{ caption }</small> }) }</h3>
            { for written }
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
        Cell::Answer(class, sure) => {
            let name = class_name(texts, page.state.experiment.data, class.into());
            [name, percentage(texts, sure)].join(" · ")
        }
    }
}

/// When a table waits until it is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Folds {
    Never,
    /// On a phone.
    Narrow,
    Always,
}

/// What a table is given.
#[derive(PartialEq)]
struct TableProps {
    /// A [`Block::Table`].
    block: Block,
    folds: Folds,
}

#[hook]
fn use_table(props: &TableProps) -> Html {
    let page = use_page();
    let is_narrow = use_narrower(PHONE);
    let folds = props.folds == Folds::Always || (is_narrow && props.folds == Folds::Narrow);
    let Block::Table { caption, columns, rows } = &props.block else { return Html::default() };
    let caption = phrase(&page, caption);
    let row = |(name, cells): &(RowName, Vec<Cell>)| {
        let (class, name) = match name {
            RowName::Network(id) => (network_class(*id), page.name(*id)),
            RowName::Phrase(name) => (String::new(), phrase(&page, name)),
        };
        html! { <tr {class}><th scope="row">{ name }</th>{ for cells.iter().map(|one| html! { <td>{ cell(&page, one) }</td> }) }</tr> }
    };
    let table = html! {
        <div class="scroll" tabindex="0" role="region" aria-label={caption.clone()}><table class="measures">
            if !folds {
                <caption>{ &caption }</caption>
            }
            <thead><tr><td></td>{ for columns.iter().map(|one| html! { <th scope="col">{ phrase(&page, one) }</th> }) }</tr></thead>
            <tbody>{ for rows.iter().map(row) }</tbody>
        </table></div>
    };
    if folds {
        html! { <details><summary>{ caption }</summary>{ table }</details> }
    } else {
        table
    }
}
