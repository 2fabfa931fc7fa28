/// Finds a short sequence of bytes in a long one (Boyer, Moore, Horspool).
struct ByteSearch {
    private let pattern: [UInt8]
    /// How far to go on, by the byte under the pattern's end.
    private let shifts: [Int]

    init(_ pattern: [UInt8]) {
        self.pattern = pattern
        var shifts = [Int](repeating: max(1, pattern.count), count: 256)
        for (index, byte) in pattern.dropLast().enumerated() { shifts[Int(byte)] = pattern.count - 1 - index }
        self.shifts = shifts
    }

    /// Where the sequence begins for the first time at `start` or after it.
    func first(in bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        while position + pattern.count <= bytes.count {
            var index = pattern.count - 1
            while index >= 0, bytes[position + index] == pattern[index] { index -= 1 }
            if index < 0 { return position }
            position += shifts[Int(bytes[position + pattern.count - 1])]
        }
        return nil
    }
}
