/// A QR code (ISO/IEC 18004) in byte mode at error correction level M.
struct QRCode: Sendable {
    /// Modules by row and column; true is dark.
    let modules: [[Bool]]
    let version: Int

    /// Codewords of error correction in each block, and blocks, by version from 1.
    private static let correction = [
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
    ]
    private static let blocks = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

    /// The code of a text; nil where it is longer than 666 bytes.
    init?(_ text: String) {
        let data = Array(text.utf8)
        let fitting = (1...Self.blocks.count).first { version in
            data.count * 8 + 4 + (version < 10 ? 8 : 16) <= Self.dataBytes(version) * 8
        }
        guard let version = fitting else { return nil }
        self.version = version
        let codewords = Self.codewords(Self.payload(data, version), version)
        var best: (penalty: Int, modules: [[Bool]])?
        for mask in 0..<8 {
            var canvas = QRCanvas(version: version)
            canvas.place(codewords)
            canvas.apply(mask: mask)
            let penalty = canvas.penalty
            if penalty < best?.penalty ?? .max { best = (penalty, canvas.modules) }
        }
        guard let best else { return nil }
        modules = best.modules
    }

    /// The code as a picture of one path, with the quiet zone of four modules.
    var svg: String {
        let size = modules.count + 8
        var path = ""
        for (row, line) in modules.enumerated() {
            for (column, isDark) in line.enumerated() where isDark {
                path += "M\(column + 4),\(row + 4)h1v1h-1z"
            }
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size) \(size)\" width=\"\(size * 4)\" "
            + "height=\"\(size * 4)\" shape-rendering=\"crispEdges\"><rect width=\"\(size)\" height=\"\(size)\" "
            + "fill=\"white\"/><path d=\"\(path)\" fill=\"black\"/></svg>"
    }

    private static func rawBytes(_ version: Int) -> Int {
        var bits = (16 * version + 128) * version + 64
        if version >= 2 {
            let count = version / 7 + 2
            bits -= (25 * count - 10) * count - 55
            if version >= 7 { bits -= 36 }
        }
        return bits / 8
    }

    private static func dataBytes(_ version: Int) -> Int {
        rawBytes(version) - correction[version - 1] * blocks[version - 1]
    }

    /// Mode, length, data, end and filling.
    private static func payload(_ data: [UInt8], _ version: Int) -> [UInt8] {
        var bits: [Bool] = []
        let append = { (value: Int, count: Int) in
            for shift in stride(from: count - 1, through: 0, by: -1) { bits.append(value >> shift & 1 == 1) }
        }
        append(4, 4)
        append(data.count, version < 10 ? 8 : 16)
        for byte in data { append(Int(byte), 8) }
        let capacity = dataBytes(version) * 8
        append(0, min(4, capacity - bits.count))
        append(0, (8 - bits.count % 8) % 8)
        var bytes = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        var filler: UInt8 = 0xEC
        while bytes.count < capacity / 8 {
            bytes.append(filler)
            filler ^= 0xEC ^ 0x11
        }
        return bytes
    }

    /// Data and error correction, interleaved over the blocks.
    private static func codewords(_ payload: [UInt8], _ version: Int) -> [UInt8] {
        let count = blocks[version - 1]
        let correctionCount = correction[version - 1]
        let raw = rawBytes(version)
        let shortCount = count - raw % count
        let shortLength = raw / count - correctionCount
        let divisor = ReedSolomon.divisor(correctionCount)
        var dataBlocks: [[UInt8]] = []
        var start = 0
        for index in 0..<count {
            let length = shortLength + (index < shortCount ? 0 : 1)
            dataBlocks.append(Array(payload[start..<start + length]))
            start += length
        }
        let correctionBlocks = dataBlocks.map { ReedSolomon.remainder($0, divisor) }
        var result: [UInt8] = []
        for index in 0...shortLength {
            for block in dataBlocks where index < block.count { result.append(block[index]) }
        }
        for index in 0..<correctionCount {
            for block in correctionBlocks { result.append(block[index]) }
        }
        return result
    }
}

/// Reed–Solomon codes over GF(2^8) with the polynomial 0x11D.
private enum ReedSolomon {
    static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product = 0
        for shift in stride(from: 7, through: 0, by: -1) {
            product = product << 1 ^ (product >> 7) * 0x11D
            product ^= (Int(right) >> shift & 1) * Int(left)
        }
        return UInt8(product)
    }

    static func divisor(_ degree: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: degree - 1) + [1]
        var root: UInt8 = 1
        for _ in 0..<degree {
            for index in result.indices {
                result[index] = multiply(result[index], root)
                if index + 1 < result.count { result[index] ^= result[index + 1] }
            }
            root = multiply(root, 2)
        }
        return result
    }

    static func remainder(_ data: [UInt8], _ divisor: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: divisor.count)
        for byte in data {
            let factor = byte ^ result.removeFirst()
            result.append(0)
            for index in result.indices { result[index] ^= multiply(divisor[index], factor) }
        }
        return result
    }
}
