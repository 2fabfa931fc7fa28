/// The grid of a QR code while it is drawn.
struct QRCanvas {
    let version: Int
    let size: Int
    private(set) var modules: [[Bool]]
    /// Modules that carry no data.
    private var isFixed: [[Bool]]

    init(version: Int) {
        self.version = version
        size = version * 4 + 17
        modules = Array(repeating: Array(repeating: false, count: size), count: size)
        isFixed = modules
        drawPatterns()
    }

    private mutating func set(row: Int, column: Int, isDark: Bool) {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return }
        modules[row][column] = isDark
        isFixed[row][column] = true
    }

    private mutating func drawPatterns() {
        for index in 0..<size {
            set(row: 6, column: index, isDark: index.isMultiple(of: 2))
            set(row: index, column: 6, isDark: index.isMultiple(of: 2))
        }
        for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] { drawFinder(row, column) }
        let positions = alignmentPositions
        for (i, row) in positions.enumerated() {
            for (j, column) in positions.enumerated() {
                let last = positions.count - 1
                if i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0 { continue }
                drawAlignment(row, column)
            }
        }
        drawFormat(mask: 0)
        drawVersion()
    }

    private mutating func drawFinder(_ row: Int, _ column: Int) {
        for dy in -4...4 {
            for dx in -4...4 {
                let distance = max(abs(dx), abs(dy))
                set(row: row + dy, column: column + dx, isDark: distance != 2 && distance != 4)
            }
        }
    }

    private mutating func drawAlignment(_ row: Int, _ column: Int) {
        for dy in -2...2 {
            for dx in -2...2 { set(row: row + dy, column: column + dx, isDark: max(abs(dx), abs(dy)) != 1) }
        }
    }

    private var alignmentPositions: [Int] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2
        var positions = [6]
        for index in stride(from: count - 2, through: 0, by: -1) { positions.append(size - 7 - index * step) }
        return positions
    }

    /// Level M and the mask, twice, under a BCH code.
    private mutating func drawFormat(mask: Int) {
        let data = mask
        var rest = data
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9) * 0x537 }
        let bits = (data << 10 | rest) ^ 0x5412
        let bit = { (index: Int) in bits >> index & 1 == 1 }
        for index in 0...5 { set(row: index, column: 8, isDark: bit(index)) }
        set(row: 7, column: 8, isDark: bit(6))
        set(row: 8, column: 8, isDark: bit(7))
        set(row: 8, column: 7, isDark: bit(8))
        for index in 9..<15 { set(row: 8, column: 14 - index, isDark: bit(index)) }
        for index in 0..<8 { set(row: 8, column: size - 1 - index, isDark: bit(index)) }
        for index in 8..<15 { set(row: size - 15 + index, column: 8, isDark: bit(index)) }
        set(row: size - 8, column: 8, isDark: true)
    }

    private mutating func drawVersion() {
        guard version >= 7 else { return }
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11) * 0x1F25 }
        let bits = version << 12 | rest
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            let (a, b) = (size - 11 + index % 3, index / 3)
            set(row: a, column: b, isDark: isDark)
            set(row: b, column: a, isDark: isDark)
        }
    }

    /// Fills the free modules in the zigzag order.
    mutating func place(_ codewords: [UInt8]) {
        var index = 0
        var right = size - 1
        while right >= 1 {
            if right == 6 { right = 5 }
            for vertical in 0..<size {
                for offset in 0..<2 {
                    let column = right - offset
                    let isUpward = (right + 1) & 2 == 0
                    let row = isUpward ? size - 1 - vertical : vertical
                    guard !isFixed[row][column], index < codewords.count * 8 else { continue }
                    modules[row][column] = codewords[index >> 3] >> (7 - UInt8(index & 7)) & 1 == 1
                    index += 1
                }
            }
            right -= 2
        }
    }

    mutating func apply(mask: Int) {
        for y in 0..<size {
            for x in 0..<size where !isFixed[y][x] {
                let inverts =
                    switch mask {
                    case 0: (x + y) % 2 == 0
                    case 1: y % 2 == 0
                    case 2: x % 3 == 0
                    case 3: (x + y) % 3 == 0
                    case 4: (x / 3 + y / 2) % 2 == 0
                    case 5: x * y % 2 + x * y % 3 == 0
                    case 6: (x * y % 2 + x * y % 3) % 2 == 0
                    default: ((x + y) % 2 + x * y % 3) % 2 == 0
                    }
                if inverts { modules[y][x].toggle() }
            }
        }
        drawFormat(mask: mask)
    }

    /// How hard it is to read: long runs, blocks, and too much of one colour.
    var penalty: Int {
        var penalty = 0
        for index in 0..<size {
            penalty += Self.runs(modules[index]) + Self.runs(modules.map { $0[index] })
        }
        for y in 0..<size - 1 {
            for x in 0..<size - 1 {
                let color = modules[y][x]
                if modules[y][x + 1] == color, modules[y + 1][x] == color, modules[y + 1][x + 1] == color {
                    penalty += 3
                }
            }
        }
        let dark = modules.reduce(0) { $0 + $1.count(where: { $0 }) }
        return penalty + abs(dark * 20 - size * size * 10) / (size * size) * 10
    }

    private static func runs(_ line: [Bool]) -> Int {
        var penalty = 0
        var length = 0
        for (index, module) in line.enumerated() {
            length = index > 0 && line[index - 1] == module ? length + 1 : 1
            if length == 5 { penalty += 3 } else if length > 5 { penalty += 1 }
        }
        return penalty
    }
}
