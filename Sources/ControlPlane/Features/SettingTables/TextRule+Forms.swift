/// The single forms that ``TextRule`` knows.
extension TextRule {
    static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }

    private static func isDigits(_ text: some StringProtocol, _ counts: ClosedRange<Int>) -> Bool {
        counts.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Brackets and braces that are opened are closed, in the right order; a backslash takes the next one literally.
    static func isBalanced(_ text: Substring) -> Bool {
        var open: [Character] = []
        var isEscaped = false
        for character in text {
            defer { isEscaped = character == "\\" && !isEscaped }
            guard !isEscaped else { continue }
            switch character {
            case "[", "{": open.append(character)
            case "]": if open.popLast() != "[" { return false }
            case "}": if open.popLast() != "{" { return false }
            default: break
            }
        }
        return open.isEmpty && !isEscaped
    }

    static func isHook(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let colon = text.firstRange(of: "://") else {
            return false
        }
        let parts = text[colon.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
        let host = parts.first.map { $0.split(separator: ":").first.map(String.init) ?? "" } ?? ""
        switch text[..<colon.lowerBound].lowercased() {
        case "pg-functions": return parts.count == 3 && isName(parts[1]) && isName(parts[2])
        case "https": return !host.isEmpty
        case "http": return ["localhost", "127.0.0.1", "host.docker.internal"].contains(host)
        default: return false
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.allSatisfy(isWordByte)
            && text.utf8.first.map { !(0x30...0x39).contains($0) } == true
    }

    static func isHookSecret(_ text: String) -> Bool {
        func isBase64(_ text: Substring, _ counts: ClosedRange<Int>) -> Bool {
            counts.contains(text.utf8.count)
                && text.utf8.allSatisfy { isWordByte($0) && $0 != 0x5F || [0x2B, 0x2F, 0x3D].contains($0) }
        }
        if text.hasPrefix("v1,whsec_") { return isBase64(text.dropFirst(9), 32...88) }
        guard text.hasPrefix("v1a,whpk_"), let private_ = text.firstRange(of: ":whsk_") else { return false }
        return isBase64(text[..<private_.lowerBound].dropFirst(9), 44...1_024)
            && isBase64(text[private_.upperBound...], 44...1_024)
    }

    /// Go's templates end the start of the service when an action is not closed or calls what does not exist. Only what
    /// such a message needs is let through: `{{ .Code }}` and its neighbours.
    static func isTemplate(_ text: String) -> Bool {
        var rest = Substring(text)
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { return false }
            let action = rest[open.upperBound..<close.lowerBound].drop { $0 == " " || $0 == "-" }
            let padding = action.reversed().prefix { $0 == " " || $0 == "-" }.count
            let field = action.dropLast(padding)
            guard field.first == ".", field.count > 1, field.dropFirst().utf8.allSatisfy(isWordByte) else {
                return false
            }
            rest = rest[close.upperBound...]
        }
        return true
    }

    static func isTestCode(_ text: Substring) -> Bool {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        return parts.count == 2 && isDigits(parts[0], 1...15) && isDigits(parts[1], 1...15)
    }

    static func isMail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && ![0x2C, 0x3C, 0x3E].contains($0) }
    }

    /// `YYYY-MM-DDTHH:MM:SS`, a fraction or none, and `Z` or `±HH:MM`.
    static func isTime(_ bytes: [UInt8]) -> Bool {
        let shape = Array("0000-00-00T00:00:00".utf8)
        guard bytes.count > shape.count, hasShape(bytes.prefix(shape.count), shape) else { return false }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1) - 0x30 } }
        guard isDay(year: number(0..<4), month: number(5..<7), day: number(8..<10)), number(11..<13) < 24,
            number(14..<16) < 60, number(17..<19) < 60
        else { return false }
        var zone = bytes[shape.count...]
        if zone.first == 0x2E { zone = zone.dropFirst().drop { (0x30...0x39).contains($0) } }
        return zone.elementsEqual([0x5A]) || hasShape(zone, Array("+00:00".utf8))
            || hasShape(zone, Array("-00:00".utf8))
    }

    /// Whether digits stand where the shape has a 0, and the shape's own characters everywhere else.
    private static func hasShape(_ bytes: ArraySlice<UInt8>, _ shape: [UInt8]) -> Bool {
        bytes.count == shape.count
            && zip(bytes, shape).allSatisfy { byte, form in
                form == 0x30 ? (0x30...0x39).contains(byte) : byte == form
            }
    }

    private static func isDay(year: Int, month: Int, day: Int) -> Bool {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains(month) && (1...days[month - 1]).contains(day)
    }
}
