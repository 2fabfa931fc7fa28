/// What an error repeats of a request, bounded: the answer to a huge request is not a huge one.
enum ErrorText {
    /// Unicode scalars of one name, four times what PostgreSQL keeps of a name in bytes.
    static let nameScalarsMax = 252
    /// Names of one list: as many as a function of PostgreSQL's may have parameters.
    static let namesMax = 100
    /// Bytes of one list.
    static let listBytesMax = 4_096
    /// Unicode scalars of a query parameter that cannot be read.
    static let parameterScalarsMax = 4_096

    /// Unicode scalars of what PostgreSQL says: it repeats values that it cannot read whole.
    static let messageScalarsMax = 8_192
    /// Unicode scalars of a reason phrase.
    static let reasonScalarsMax = 256

    /// Stands for what is left out.
    private static let ellipsis = "…"
    private static let separator = ", "

    static func name(_ name: String) -> String { cut(name, to: nameScalarsMax) }

    static func message(_ text: String) -> String { cut(text, to: messageScalarsMax) }

    static func reason(_ text: String) -> String { cut(text, to: reasonScalarsMax) }

    static func parameter(_ text: String) -> String { cut(text, to: parameterScalarsMax) }

    /// Names separated by commas.
    static func list(_ names: [String]) -> String {
        var shown: [String] = []
        var byteCount = 0
        for name in names.prefix(namesMax) {
            let short = Self.name(name)
            byteCount += short.utf8.count + separator.utf8.count
            guard byteCount <= listBytesMax else { break }
            shown.append(short)
        }
        if shown.count < names.count { shown.append(ellipsis) }
        return shown.joined(separator: separator)
    }

    private static func cut(_ text: String, to scalarsMax: Int) -> String {
        // No scalar takes less than a byte.
        guard text.utf8.count > scalarsMax else { return text }
        let start = text.unicodeScalars.prefix(scalarsMax)
        return start.endIndex == text.endIndex ? text : String(start) + ellipsis
    }
}
