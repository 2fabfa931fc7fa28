import ProjectModel

/// Takes every secret value out of a text before it is stored or shown, down to the shortest password that was ever
/// accepted. Of a value of several lines each longer line is taken out on its own: a log shows them one by one.
///
/// Bytes are compared, not characters: a combining scalar after a secret makes another character of its last one.
func redact(_ text: String, _ secrets: [String: Secret<String>]) -> String {
    let bytes = Array(text.utf8)
    let wanted = Dictionary(grouping: redactedForms(of: secrets), by: \.first)
    var redacted: [UInt8] = []
    redacted.reserveCapacity(bytes.count)
    // Secrets may overlap: everything up to here belongs to one.
    var end = 0
    for place in bytes.indices {
        let found = (wanted[bytes[place]] ?? []).filter { bytes[place...].starts(with: $0) }.map(\.count).max()
        if let found {
            if place >= end { redacted += Array("<secret>".utf8) }
            end = max(end, place + found)
        }
        if place >= end { redacted.append(bytes[place]) }
    }
    return String(decoding: redacted, as: UTF8.self)
}

/// What is taken out, as bytes; none is empty.
private func redactedForms(of secrets: [String: Secret<String>]) -> Set<[UInt8]> {
    let values = secrets.values.map { $0.reveal() }
    let lines = values.flatMap { $0.unicodeScalars.split(whereSeparator: lineBreaks.contains) }
    return Set(
        values.map { Array($0.utf8) }.filter { $0.count >= redactedBytesMin }
            + lines.map { Array(String($0).utf8) }.filter { $0.count >= redactedLineBytesMin })
}

/// Scalars that end a line.
private let lineBreaks: Set<Unicode.Scalar> = ["\n", "\u{B}", "\u{C}", "\r", "\u{85}", "\u{2028}", "\u{2029}"]
/// Shortest secret that is taken out of texts: the shortest password that was ever accepted. Shorter values occur in
/// ordinary words.
private let redactedBytesMin = 4
/// Shortest line of a secret of several lines that is taken out of texts.
private let redactedLineBytesMin = 8
