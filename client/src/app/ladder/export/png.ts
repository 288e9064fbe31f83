import type { LadderSvg } from './svg.ts'

/** Longest side and most pixels that browsers draw without failing. */
const MAX_SIDE_PX = 16_384
const MAX_PIXELS = 64 * 1024 * 1024

/**
 * Draw a picture as PNG, at twice its size where a canvas can be so large.
 *
 * @throws Error if the browser cannot draw it
 */
export async function pngOf({ text, widthPx, heightPx }: LadderSvg): Promise<Blob> {
  const scale = pngScale(widthPx, heightPx)
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }))
  try {
    const image = new Image(widthPx, heightPx)
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = Math.floor(widthPx * scale)
    canvas.height = Math.floor(heightPx * scale)
    const context = canvas.getContext('2d')
    context?.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    if (context === null || blob === null) throw new Error('this browser cannot draw a picture of that size')
    return blob
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** How many pixels of a canvas one of the picture becomes: 2, or less where that is too many. */
export function pngScale(widthPx: number, heightPx: number): number {
  return Math.min(2, MAX_SIDE_PX / widthPx, MAX_SIDE_PX / heightPx, Math.sqrt(MAX_PIXELS / (widthPx * heightPx)))
}
