/// Rows wanted, by number from 0.
struct RowRange: Equatable {
    var offset: Int64 = 0
    /// Nil: all that follow.
    var limit: Int64?

    /// A range of nothing above zero rows.
    var isWhole: Bool { offset == 0 && limit == nil }

    /// Reads `Range: 2-5`. Nil for anything that is not of that form, which HTTP says to ignore.
    init?(header: String) throws(RestError) {
        let text = header.split(separator: "=").last.map(String.init) ?? header
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { String($0).trimmingBlanks }
        guard parts.count == 2, !parts[0].isEmpty, parts.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }),
            let first = Int64(parts[0])
        else { return nil }
        guard !parts[1].isEmpty else {
            self.init(offset: first, limit: nil)
            return
        }
        guard let last = Int64(parts[1]) else { return nil }
        guard last >= first else { throw .lowerAboveUpper }
        let (count, overflow) = (last - first).addingReportingOverflow(1)
        self.init(offset: first, limit: overflow ? nil : count)
    }

    init(offset: Int64 = 0, limit: Int64? = nil) {
        self.offset = offset
        self.limit = limit
    }

    /// The rows that lie in both ranges.
    func intersection(_ other: RowRange) -> RowRange {
        let first = max(offset, other.offset)
        let ends = [self, other].compactMap { range -> Int64? in
            range.limit.map { range.offset.addingReportingOverflow($0) }.map { $0.overflow ? .max : $0.partialValue }
        }
        return RowRange(offset: first, limit: ends.min().map { max(0, $0 - first) })
    }

    /// The range with at most `max` rows.
    func capped(_ max: Int64?) -> RowRange {
        guard let max else { return self }
        return RowRange(offset: offset, limit: min(limit ?? max, max))
    }

    /// `Content-Range` of a page.
    static func header(first: Int64, count: Int64, total: Int64?) -> String {
        let total = total.map { String($0) } ?? "*"
        return count > 0 ? "\(first)-\(first + count - 1)/\(total)" : "*/\(total)"
    }
}
