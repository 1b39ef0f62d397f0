import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/** How different a colour may be: fonts are smoothed a little differently from machine to machine. */
const COLOUR_THRESHOLD = 0.2;

/**
 * @typedef {object} Comparison
 * @property {number} share of the pixels that differ, 0 to 1; 1 if the pictures have different sizes
 * @property {Buffer} picture the difference as a PNG: the expected picture, faded, and in red what is not as expected
 */

/**
 * @param {Buffer} expected a PNG
 * @param {Buffer} actual a PNG
 * @returns {Comparison}
 */
export function comparePictures(expected, actual) {
  const [before, after] = [PNG.sync.read(expected), PNG.sync.read(actual)];
  const { width, height } = before;
  if (width !== after.width || height !== after.height) {
    return { share: 1, picture: actual };
  }
  const difference = new PNG({ width, height });
  const count = pixelmatch(before.data, after.data, difference.data, width, height, { threshold: COLOUR_THRESHOLD });
  return { share: count / (width * height), picture: PNG.sync.write(difference) };
}
