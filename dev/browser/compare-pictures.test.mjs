import assert from 'node:assert/strict';
import { it } from 'node:test';

import { PNG } from 'pngjs';

import { comparePictures } from './compare-pictures.mjs';

const SIZE = 10;

/** @param {(x: number, y: number) => number} grey @param {number} [width] */
function picture(grey, width = SIZE) {
  const png = new PNG({ width, height: SIZE });
  png.data.forEach((_, index) => {
    const pixel = Math.floor(index / 4);
    png.data[index] = index % 4 === 3 ? 255 : grey(pixel % width, Math.floor(pixel / width));
  });
  return PNG.sync.write(png);
}

const white = picture(() => 255);

it('the same picture does not differ, nor one that is smoothed a little differently', () => {
  assert.equal(comparePictures(white, white).share, 0);
  assert.equal(comparePictures(white, picture(() => 245)).share, 0);
});

it('a part that is missing differs by its size, and is red in the picture of the difference', () => {
  const { share, picture: difference } = comparePictures(picture((_, y) => (y < 2 ? 0 : 255)), white);
  assert.equal(share, 0.2);
  assert.deepEqual([...PNG.sync.read(difference).data.subarray(0, 3)], [255, 0, 0]);
});

it('a picture of another size differs altogether', () => {
  assert.equal(comparePictures(white, picture(() => 255, SIZE + 1)).share, 1);
});
