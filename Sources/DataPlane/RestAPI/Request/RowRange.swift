/// Rows wanted, by number from 0. Clients name the numbers, so no arithmetic on them may trap.
struct RowRange: Equatable {
    /// Never negative.
    let offset: Int64
    /// Never negative. Nil: all that follow.
    let limit: Int64?

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

    /// A negative offset is the first row, a negative limit no row at all.
    init(offset: Int64 = 0, limit: Int64? = nil) {
        self.offset = max(0, offset)
        self.limit = limit.map { max(0, $0) }
    }

    /// The rows that lie in both ranges.
    func intersection(_ other: RowRange) -> RowRange {
        let first = max(offset, other.offset)
        // Neither is negative, so the difference is a number.
        return RowRange(offset: first, limit: [end, other.end].compactMap(\.self).min().map { max($0, first) - first })
    }

    /// Number of the first row behind the range, or the largest number there is; nil without a limit.
    private var end: Int64? { limit.map(offset.addingSaturating) }

    /// The range with at most `max` rows.
    func capped(_ max: Int64?) -> RowRange {
        guard let max else { return self }
        return RowRange(offset: offset, limit: min(limit ?? max, max))
    }

    /// `Content-Range` of a page.
    static func header(first: Int64, count: Int64, total: Int64?) -> String {
        let total = total.map { String($0) } ?? "*"
        return count > 0 ? "\(first)-\(first.addingSaturating(count - 1))/\(total)" : "*/\(total)"
    }
}

extension Int64 {
    /// The sum, or the number of its sign that is farthest from zero.
    func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        guard overflow else { return sum }
        return other < 0 ? .min : .max
    }
}
