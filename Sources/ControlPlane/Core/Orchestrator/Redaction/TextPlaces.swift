/// The beginning of a text, to be found at the end of others.
struct TextBeginning {
    private let bytes: [UInt8]
    /// For each length, the next shorter beginning with which a beginning ends.
    private var shorter: [Int]

    init(_ bytes: some Collection<UInt8>) {
        self.bytes = Array(bytes)
        shorter = [Int](repeating: 0, count: bytes.count + 1)
        var length = 0
        for end in self.bytes.indices.dropFirst() {
            length = next(after: length, self.bytes[end])
            shorter[end + 1] = length
        }
    }

    /// Bytes of the longest beginning with which `other` ends, and whether all of it stands anywhere in there.
    func ending(of other: [UInt8]) -> (length: Int, holdsAll: Bool) {
        var (length, holdsAll) = (0, false)
        for byte in other {
            length = next(after: length, byte)
            if length == bytes.count { holdsAll = true }
        }
        return (length, holdsAll)
    }

    private func next(after length: Int, _ byte: UInt8) -> Int {
        var length = length == bytes.count ? shorter[length] : length
        while length > 0, bytes[length] != byte { length = shorter[length] }
        guard !bytes.isEmpty, bytes[length] == byte else { return 0 }
        return length + 1
    }
}

/// Places of a text in the order of their ends; those that overlap are one.
struct Places {
    private var ranges: [Range<Int>] = []

    mutating func add(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        var range = range
        while let last = ranges.last, last.upperBound > range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<range.upperBound
            ranges.removeLast()
        }
        ranges.append(range)
    }

    /// Adds one that begins with the text.
    mutating func addFirst(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let later = ranges
        ranges = [range]
        for place in later {
            if let last = ranges.last, place.upperBound <= last.upperBound { continue }
            add(place)
        }
    }

    func masked(_ bytes: [UInt8]) -> String {
        var masked: [UInt8] = []
        masked.reserveCapacity(bytes.count)
        var end = 0
        for range in ranges {
            masked += bytes[end..<range.lowerBound]
            masked += Array(Redactor.mark.utf8)
            end = range.upperBound
        }
        masked += bytes[end...]
        return String(decoding: masked, as: UTF8.self)
    }
}
