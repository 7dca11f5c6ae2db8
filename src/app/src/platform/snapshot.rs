//! A chart of the page as a file of its own, which looks the same where the page's styles are not.

use js_sys::{Function, Promise, encode_uri_component};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, Document, Element, HtmlCanvasElement, HtmlImageElement, Node, Window,
    XmlSerializer, window,
};

use crate::platform::save::said;

/// The styles that a chart's looks come from.
const STYLES: [&str; 10] = [
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linejoin",
    "stroke-linecap",
    "opacity",
    "font-family",
    "font-size",
    "font-weight",
];
const NAMESPACE: &str = "http://www.w3.org/2000/svg";
/// Pixels of a picture for each unit of a chart: sharp on a projector and in print.
const PIXELS: f64 = 2.0;

/// A chart by itself.
pub struct Snapshot {
    /// Its SVG.
    pub svg: String,
    width: f64,
    height: f64,
}

/// Takes a chart from the page with the styles it has there; `description` goes into the file.
///
/// # Errors
/// What the browser said.
pub fn take(chart: &Element, description: &str) -> Result<Snapshot, String> {
    let window = window().ok_or("no window")?;
    let document = window.document().ok_or("no document")?;
    let copy: Element = chart.clone_node_with_deep(true).map_err(said)?.dyn_into().map_err(|_| "no element")?;
    // Both have the same elements in the same order until the copy is changed.
    let (from, to) = (parts(chart)?, parts(&copy)?);
    for (from, to) in from.iter().zip(&to) {
        copy_styles(&window, from, to)?;
    }
    for cursor in to.iter().filter(|part| part.get_attribute("class").as_deref() == Some("cursor")) {
        cursor.remove();
    }
    let frame: Vec<f64> =
        chart.get_attribute("viewBox").unwrap_or_default().split(' ').filter_map(retort_spec::read_number).collect();
    let &[_, _, width, height] = frame.as_slice() else { return Err("a chart without a frame".into()) };
    let key =
        to.iter().find_map(|part| part.get_attribute("data-height")).and_then(|text| retort_spec::read_number(&text));
    let height = key.unwrap_or(height);
    for (name, value) in
        [("viewBox", format!("0 0 {width} {height}")), ("width", width.to_string()), ("height", height.to_string())]
    {
        copy.set_attribute(name, &value).map_err(said)?;
    }
    copy.prepend_with_node_2(&about(&document, description)?, &paper(&window, &document, chart)?).map_err(said)?;
    let svg = XmlSerializer::new().and_then(|serializer| serializer.serialize_to_string(&copy)).map_err(said)?;
    Ok(Snapshot { svg, width, height })
}

fn parts(chart: &Element) -> Result<Vec<Element>, String> {
    let found = chart.query_selector_all("*").map_err(said)?;
    Ok((0..found.length()).filter_map(|i| found.get(i)).filter_map(|node| node.dyn_into().ok()).collect())
}

/// Writes an element's looks into its copy.
fn copy_styles(window: &Window, from: &Element, to: &Element) -> Result<(), String> {
    let Some(looks) = window.get_computed_style(from).map_err(said)? else { return Ok(()) };
    for name in STYLES {
        let value = looks.get_property_value(name).map_err(said)?;
        to.set_attribute(name, &value).map_err(said)?;
    }
    Ok(())
}

fn about(document: &Document, description: &str) -> Result<Node, String> {
    let about = document.create_element_ns(Some(NAMESPACE), "desc").map_err(said)?;
    about.set_text_content(Some(description));
    Ok(about.into())
}

/// The panel's ground: a dark page's light lines would vanish on white.
fn paper(window: &Window, document: &Document, chart: &Element) -> Result<Node, String> {
    let panel = chart.closest(".panel").map_err(said)?;
    let looks = panel.map(|panel| window.get_computed_style(&panel)).transpose().map_err(said)?.flatten();
    let colour = looks.and_then(|looks| looks.get_property_value("background-color").ok());
    let paper = document.create_element_ns(Some(NAMESPACE), "rect").map_err(said)?;
    let colour = colour.unwrap_or_else(|| "white".into());
    for (name, value) in [("width", "100%"), ("height", "100%"), ("fill", &*colour)] {
        paper.set_attribute(name, value).map_err(said)?;
    }
    Ok(paper.into())
}

impl Snapshot {
    /// The chart as PNG.
    ///
    /// # Errors
    /// What the browser said.
    pub async fn png(&self) -> Result<Blob, String> {
        let image = HtmlImageElement::new().map_err(said)?;
        // As data, not as a blob: older browsers do not give back a canvas on which an SVG blob was drawn.
        let address = format!("data:image/svg+xml;charset=utf-8,{}", String::from(encode_uri_component(&self.svg)));
        image.set_src(&address);
        JsFuture::from(image.decode()).await.map_err(said)?;
        let document = window().and_then(|window| window.document()).ok_or("no document")?;
        let canvas = document.create_element("canvas").map_err(said)?;
        let canvas: HtmlCanvasElement = canvas.dyn_into().map_err(|_| "no canvas")?;
        canvas.set_width((PIXELS * self.width) as u32);
        canvas.set_height((PIXELS * self.height) as u32);
        let context = canvas.get_context("2d").map_err(said)?.ok_or("no context")?;
        let context: CanvasRenderingContext2d = context.dyn_into().map_err(|_| "no context")?;
        context
            .draw_image_with_html_image_element_and_dw_and_dh(
                &image,
                0.0,
                0.0,
                f64::from(canvas.width()),
                f64::from(canvas.height()),
            )
            .map_err(said)?;
        let drawn = JsFuture::from(blob_of(&canvas)).await.map_err(said)?;
        drawn.dyn_into().map_err(|_| "no picture".into())
    }
}

/// The canvas as a PNG blob, or null.
fn blob_of(canvas: &HtmlCanvasElement) -> Promise {
    Promise::new(&mut |resolve: Function, reject: Function| {
        let done = Closure::once_into_js(move |blob: JsValue| {
            // A promise's own functions do not throw.
            let _ = resolve.call1(&JsValue::NULL, &blob);
        });
        if let Err(error) = canvas.to_blob(done.unchecked_ref()) {
            let _ = reject.call1(&JsValue::NULL, &error);
        }
    })
}
