//! Writes text on the pages of a PDF: shapes it, in whatever direction its letters run, and embeds what was used of the fonts.

use std::collections::HashMap;

use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, UnicodeBuffer};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font as Embedded, GlyphId, KrillaGlyph};
use unicode_bidi::BidiInfo;

use crate::page::fonts::{Font, Written};

/// The fonts that were written with so far.
#[derive(Default)]
pub struct Pen(HashMap<&'static str, Face>);

/// A font as it is shaped, and as it is embedded.
struct Face {
    read: FontRef<'static>,
    shaping: ShaperData,
    embedded: Embedded,
}

/// A text as glyphs, in the order in which they stand on the page.
pub struct Shaped {
    runs: Vec<Run>,
    font: Embedded,
    /// How wide it is, in its own size.
    pub width: f32,
}

/// Letters that run in one direction.
struct Run {
    text: String,
    glyphs: Vec<KrillaGlyph>,
    width: f32,
}

impl Pen {
    /// Shapes a text, in one line.
    pub fn shape(&mut self, written: &Written) -> Shaped {
        let face = self
            .0
            .entry(written.font.family)
            .or_insert_with(|| Face::of(written.font));
        let bidi = BidiInfo::new(&written.text, None);
        let mut runs = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, visual) = bidi.visual_runs(paragraph, paragraph.range.clone());
            let run = |range: &std::ops::Range<usize>| {
                face.run(&written.text[range.clone()], levels[range.start].is_ltr())
            };
            runs.extend(visual.iter().filter(|range| !range.is_empty()).map(run));
        }
        Shaped {
            width: runs.iter().map(|run| run.width).sum(),
            runs,
            font: face.embedded.clone(),
        }
    }
}

impl Face {
    fn of(font: &Font) -> Self {
        let read = FontRef::new(font.bytes).expect("the fonts are tested");
        let embedded = Embedded::new(font.bytes.into(), 0).expect("the fonts are tested");
        Self {
            shaping: ShaperData::new(&read),
            read,
            embedded,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "advances are far below the 16 million that a float counts to"
    )]
    fn run(&self, text: &str, is_left_to_right: bool) -> Run {
        let shaper = self.shaping.shaper(&self.read).build();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(match is_left_to_right {
            true => Direction::LeftToRight,
            false => Direction::RightToLeft,
        });
        buffer.guess_segment_properties();
        let shaped = shaper.shape(buffer, ShapeOptions::new());
        let units_per_em = self.embedded.units_per_em();
        let infos = shaped.glyph_infos();
        // A glyph stands for the text from its cluster to the next.
        let cluster = |cluster: u32| usize::try_from(cluster).unwrap_or(text.len());
        let mut starts: Vec<usize> = infos.iter().map(|info| cluster(info.cluster)).collect();
        starts.sort_unstable();
        let end_of = |start: usize| {
            let next = starts.partition_point(|other| *other <= start);
            starts.get(next).copied().unwrap_or(text.len())
        };
        let em = |units: i32| units as f32 / units_per_em;
        let glyphs = infos.iter().zip(shaped.glyph_positions());
        let glyphs: Vec<KrillaGlyph> = glyphs
            .map(|(info, position)| {
                let start = cluster(info.cluster);
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    em(position.x_advance),
                    em(position.x_offset),
                    em(position.y_offset),
                    em(position.y_advance),
                    start..end_of(start),
                    None,
                )
            })
            .collect();
        Run {
            width: glyphs.iter().map(|glyph| glyph.x_advance).sum(),
            text: text.to_owned(),
            glyphs,
        }
    }
}

impl Shaped {
    /// Draws it from a point on its base line, `size` points high and so grey: 0 is black.
    pub fn draw(&self, surface: &mut Surface<'_>, x: f32, y: f32, size: f32, grey: u8) {
        surface.set_fill(Some(filled(grey)));
        let mut x = x;
        for run in &self.runs {
            let start = Point::from_xy(x, y);
            let font = self.font.clone();
            surface.draw_glyphs(start, &run.glyphs, font, &run.text, size, false);
            x += run.width * size;
        }
    }
}

/// Draws a line across, half a point high.
pub fn rule(surface: &mut Surface<'_>, x: f32, y: f32, width: f32, grey: u8) {
    let mut path = PathBuilder::new();
    if let Some(line) = Rect::from_xywh(x, y, width, 0.5) {
        path.push_rect(line);
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(filled(grey)));
        surface.draw_path(&path);
    }
}

fn filled(grey: u8) -> Fill {
    Fill {
        paint: rgb::Color::new(grey, grey, grey).into(),
        ..Fill::default()
    }
}
