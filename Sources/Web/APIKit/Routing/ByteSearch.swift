/// Finds a short sequence of bytes in a long one. Where the first byte of the sequence occurs only there in it, as a
/// line's end does before a boundary, no byte is compared more than twice, for any body.
package struct ByteSearch {
    private let pattern: [UInt8]

    package init(_ pattern: [UInt8]) { self.pattern = pattern }

    /// Where the sequence begins for the first time at `start` or after it.
    package func first(in bytes: [UInt8], from start: Int) -> Int? {
        guard let head = pattern.first else { return start }
        var position = start
        while position + pattern.count <= bytes.count {
            guard bytes[position] == head else {
                position += 1
                continue
            }
            var matched = 1
            while matched < pattern.count, bytes[position + matched] == pattern[matched] { matched += 1 }
            if matched == pattern.count { return position }
            position += 1
        }
        return nil
    }
}
