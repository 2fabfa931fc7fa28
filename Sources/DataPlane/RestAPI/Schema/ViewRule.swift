/// The columns of a view, read from its rewrite rule (`pg_rewrite.ev_action`).
///
/// The rule is a tree in PostgreSQL's own text form: `{NODE :field value …}`, lists in parentheses. Each entry of the
/// query's target list says from which relation and column it comes, where it is a plain column.
struct ViewRule {
    /// One output column.
    struct Entry: Equatable {
        /// Number of the view's column.
        var number: Int
        /// Object id of the relation that it is taken from; a view or a table.
        var originTable: Int64
        /// Number of that relation's column.
        var originColumn: Int
    }

    /// Reads the target list of the rule's query; entries that are no plain columns are left out.
    static func entries(of rule: String) -> [Entry] {
        var reader = ViewRule(bytes: Array(rule.utf8))
        return reader.entries()
    }

    private let bytes: [UInt8]
    private var position = 0

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Follows the nesting: the outermost query is at depth one, its target list the first at that depth.
    private mutating func entries() -> [Entry] {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\\"): position += 1
            case UInt8(ascii: ":") where depth == 1 && follows(":targetList ("):
                position += ":targetList (".utf8.count
                return targetList()
            default: break
            }
            position += 1
        }
        return []
    }

    private mutating func targetList() -> [Entry] {
        var entries: [Entry] = []
        var depth = 0
        var fields: [String: Int64] = [:]
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"): position += 1
            case UInt8(ascii: "{"):
                depth += 1
                if depth == 1 { fields = [:] }
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0, let entry = Self.entry(fields) { entries.append(entry) }
            case UInt8(ascii: ")") where depth == 0: return entries
            case UInt8(ascii: ":") where depth == 1:
                for name in [":resno ", ":resorigtbl ", ":resorigcol "] where follows(name) {
                    position += name.utf8.count
                    fields[name] = number()
                    position -= 1
                }
            default: break
            }
            position += 1
        }
        return entries
    }

    private static func entry(_ fields: [String: Int64]) -> Entry? {
        guard let number = fields[":resno "], let table = fields[":resorigtbl "], table != 0,
            let column = fields[":resorigcol "], column > 0
        else { return nil }
        return Entry(number: Int(number), originTable: table, originColumn: Int(column))
    }

    private func follows(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func number() -> Int64 {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return Int64(String(decoding: bytes[start..<position], as: UTF8.self)) ?? 0
    }
}
