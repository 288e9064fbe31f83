import { describe, expect, it } from 'vitest'
import { DuckDBDataChunk, VARCHAR } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { textSource } from '../../src/store/text-source.ts'
import { TextVector } from '../../src/store/text-vector.ts'

/** A chunk of one column, and its vector. */
function textChunk(rowCount: number): { readonly chunk: DuckDBDataChunk; readonly vector: duckdb.Vector } {
  const chunk = DuckDBDataChunk.create([VARCHAR], rowCount)
  return { chunk, vector: duckdb.data_chunk_get_vector(chunk.chunk, 0) }
}

describe('TextVector', () => {
  it('gives each text as it is, whatever bytes stand behind it in its source and whatever was there before', () => {
    const texts = new TextVector()
    for (let round = 0; round < 3; round++) {
      const { chunk, vector } = textChunk(600)
      const expected: string[] = []
      for (let i = 0; i < 600; i++) {
        const text = `${round}é${'x'.repeat((i * (7 - round)) % 200)}ß`
        const bytes = Buffer.from(text)
        // Bytes that are nowhere UTF-8, on both sides.
        const around = Buffer.alloc(bytes.length + 8, 0xff)
        bytes.copy(around, i % 4)
        texts.set(i, textSource(around), i % 4, bytes.length)
        expected.push(text)
      }
      texts.moveTo(vector, 600)
      expect(chunk.getColumnValues(0)).toEqual(expected)
    }
  })

  it('hands out no address that DuckDB did not give when a text is not UTF-8', () => {
    const texts = new TextVector()
    const { chunk, vector } = textChunk(2)
    const fill = (second: Uint8Array): void => {
      texts.set(0, textSource(Buffer.from('a text of more than twelve bytes')), 0, 32)
      texts.set(1, textSource(second), 0, second.length)
    }
    fill(Buffer.from('another one, as long as that was'))
    texts.moveTo(vector, 2)
    const broken = Buffer.alloc(32, 'b')
    broken[5] = 0xc3
    fill(broken)
    expect(() => texts.moveTo(vector, 2)).toThrow('not all are UTF-8')

    const next = textChunk(2)
    fill(Buffer.from('what comes next is not concerned'))
    texts.moveTo(next.vector, 2)
    expect(next.chunk.getColumnValues(0)).toEqual([
      'a text of more than twelve bytes',
      'what comes next is not concerned',
    ])
    expect(chunk.rowCount).toBe(2)
  })
})
