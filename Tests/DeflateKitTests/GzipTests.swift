import DeflateKit
import Testing

@Suite("Gzip")
struct GzipTests {
    private let text = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

    @Test func whatIsCompressedIsReadBack() throws {
        for bytes in [[], [1], text] {
            #expect(try Gzip.decompress(Gzip.compress(bytes), limitBytes: bytes.count) == bytes)
        }
    }

    @Test func piecesOfAnySizeAreEnough() throws {
        let packed = try Gzip.compress(text)
        for size in [1, 7, 1_000] {
            let gunzip = try Gunzip()
            var output: [UInt8] = []
            for start in stride(from: 0, to: packed.count, by: size) {
                gunzip.feed(Array(packed[start..<min(start + size, packed.count)]))
                while let piece = try gunzip.next(upTo: 1_000) { output += piece }
            }
            #expect(gunzip.isAtEnd)
            #expect(output == text)
        }
    }

    @Test func aStreamThatEndsEarlyIsRefused() throws {
        let packed = try Gzip.compress(text)
        for count in [0, 1, 10, packed.count / 2, packed.count - 1] {
            #expect(throws: DeflateError.truncated) {
                try Gzip.decompress(Array(packed.prefix(count)), limitBytes: 1 << 20)
            }
        }
    }

    @Test func aChangedByteIsFound() throws {
        var packed = try Gzip.compress(text)
        packed[packed.count - 5] ^= 1
        #expect(throws: DeflateError.damaged) { try Gzip.decompress(packed, limitBytes: 1 << 20) }
        #expect(throws: DeflateError.damaged) {
            try Gzip.decompress(try Gzip.compress(text) + [0], limitBytes: 1 << 20)
        }
    }

    @Test func moreThanTheLimitIsRefused() throws {
        let packed = try Gzip.compress(text)
        #expect(throws: DeflateError.tooLarge) { try Gzip.decompress(packed, limitBytes: text.count - 1) }
    }
}
