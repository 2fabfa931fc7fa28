import ProjectModel

/// Takes every secret value out of a text before it is stored or shown, down to the shortest password that was ever
/// accepted. Of a value of several lines each longer line is taken out on its own: a log shows them one by one.
func redact(_ text: String, _ secrets: [String: Secret<String>]) -> String {
    let values = secrets.values.map { $0.reveal() }
    let lines = values.flatMap { $0.split(whereSeparator: \.isNewline).map(String.init) }
    let wanted = Set(
        values.filter { $0.utf8.count >= redactedBytesMin } + lines.filter { $0.utf8.count >= redactedLineBytesMin })
    return wanted.sorted { ($0.count, $0) > ($1.count, $1) }
        .reduce(text) { $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: "<secret>") }
}

/// Shortest secret that is taken out of texts: the shortest password that was ever accepted. Shorter values occur in
/// ordinary words.
private let redactedBytesMin = 4
/// Shortest line of a secret of several lines that is taken out of texts.
private let redactedLineBytesMin = 8
