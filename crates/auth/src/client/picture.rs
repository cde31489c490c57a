//! Makes a picture of ours from bytes that somebody else chose.
//!
//! Owns which formats are read, and how much memory and time that may take. Nothing of the bytes is passed on: what comes out was drawn
//! here, pixel by pixel. Must never read a format that holds script or names other documents (SVG).

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{FilterType, overlay};
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, ImageReader, Limits, RgbaImage};

/// Why no picture was made; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPicture {
    /// It begins like nothing that is read here.
    #[error("neither PNG nor JPEG nor WebP")]
    Format,
    /// It is not what it begins as, it breaks off, or it is larger than what is read.
    #[error("broken, or larger than {SIDE_MAX} by {SIDE_MAX} pixels")]
    Content,
}

/// A PNG of fixed size with the whole picture in its middle and nothing around it.
///
/// # Errors
/// [`BadPicture`] unless it is a picture of a bearable size.
pub fn redraw(bytes: &[u8]) -> Result<Vec<u8>, BadPicture> {
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => format,
        _ => return Err(BadPicture::Format),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|_| BadPicture::Content)?;
    if picture.width() == 0 || picture.height() == 0 {
        return Err(BadPicture::Content);
    }
    let small = picture.resize(SIDE, SIDE, FilterType::Triangle).into_rgba8();
    let mut tile = RgbaImage::new(SIDE, SIDE);
    let margin = |side: u32| i64::from(SIDE.saturating_sub(side)) / 2;
    overlay(&mut tile, &small, margin(small.width()), margin(small.height()));
    let mut png = Vec::new();
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, PngFilter::Adaptive)
        .write_image(tile.as_raw(), SIDE, SIDE, ExtendedColorType::Rgba8)
        .map_err(|_| BadPicture::Content)?;
    Ok(png)
}

/// Pixels on each side of what comes out: twice what the pages show, for screens with fine dots.
pub const SIDE: u32 = 128;
/// Pixels on each side of what is read.
const SIDE_MAX: u32 = 2048;
/// Bytes that reading it may take: the largest picture with four channels of 16 bits, and as much again to work with.
const MEMORY_MAX: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgba};
    use proptest::prelude::*;

    use super::*;

    fn picture(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, y| {
            Rgba([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 90, 255])
        }))
    }

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        match format {
            ImageFormat::Jpeg => DynamicImage::ImageRgb8(picture.to_rgb8()).write_to(&mut bytes, format).unwrap(),
            _ => picture.write_to(&mut bytes, format).unwrap(),
        }
        bytes.into_inner()
    }

    #[test]
    fn what_comes_out_has_one_size_and_keeps_the_shape() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            for (width, height) in [(1, 1), (16, 16), (400, 100), (100, 400), (2048, 1), (700, 700)] {
                let made = redraw(&written(&picture(width, height), format)).unwrap();
                assert_eq!(image::guess_format(&made).unwrap(), ImageFormat::Png);
                let seen = image::load_from_memory(&made).unwrap().into_rgba8();
                assert_eq!((seen.width(), seen.height()), (SIDE, SIDE), "{format:?} {width} {height}");
                assert_eq!(seen.get_pixel((SIDE - 1) / 2, (SIDE - 1) / 2).0[3], 255, "the picture is in the middle");
                let corner = seen.get_pixel(0, 0).0[3];
                assert_eq!(corner == 255, width == height, "{format:?} {width} {height}: nothing is around it");
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let good = written(&picture(64, 64), ImageFormat::Png);
        let svg = br#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
        let gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
        for bytes in [&b""[..], b"x", b"<html>", svg, gif, b"BM\x46\x00", b"%PDF-1.7", b"\x00\x00\x01\x00"] {
            assert_eq!(redraw(bytes), Err(BadPicture::Format));
        }
        assert_eq!(redraw(&good[..good.len() / 2]), Err(BadPicture::Content), "cut off");
        assert_eq!(redraw(&good[..20]), Err(BadPicture::Content), "a beginning only");
        let webp = written(&picture(64, 64), ImageFormat::WebP);
        assert_eq!(redraw(&webp[..webp.len() / 2]), Err(BadPicture::Content));
    }

    #[test]
    fn what_would_take_too_much_is_refused_by_what_it_says_of_its_size() {
        assert_eq!(redraw(&written(&picture(2049, 1), ImageFormat::Png)), Err(BadPicture::Content));
        assert_eq!(redraw(&written(&picture(1, 2049), ImageFormat::Jpeg)), Err(BadPicture::Content));
        assert_eq!(redraw(&written(&picture(2049, 1), ImageFormat::WebP)), Err(BadPicture::Content));
        // A few bytes that say that they are 60000 by 60000 pixels: the size in the head is exchanged, and its checksum made anew.
        let mut bomb = written(&picture(8, 8), ImageFormat::Png);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let sum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(redraw(&bomb), Err(BadPicture::Content));
    }

    #[test]
    fn what_is_hidden_in_a_picture_is_not_in_what_comes_out() {
        let mut carrier = written(&picture(32, 32), ImageFormat::Png);
        carrier.extend_from_slice(b"<script>alert(1)</script>");
        let made = redraw(&carrier).unwrap();
        assert!(!made.windows(8).any(|part| part == b"<script>"));
    }

    proptest! {
        /// Whatever was done to a picture on the way: there is one of ours, or none.
        #[test]
        fn nothing_that_is_broken_breaks_the_reader(
            kind in 0..3_usize,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = written(&picture(24, 24), [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP][kind]);
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            for bytes in [&bytes[..], &bytes[..end.index(bytes.len())]] {
                if let Ok(made) = redraw(bytes) {
                    prop_assert_eq!(image::guess_format(&made).unwrap(), ImageFormat::Png);
                }
            }
        }
    }

    /// The checksum of PNG, bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
        })
    }
}
