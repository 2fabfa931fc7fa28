import YAMLKit

/// Reads `env_file` of a service: a path, a list of paths, or mappings with `path`, `required` and `format`.
struct EnvironmentFiles {
    private struct Reference {
        var path = ""
        var isRequired = true
        var isRaw = false
    }

    let files: TemplateFiles
    let environment: [String: String]

    /// The variables of the files below `cursor`; of a variable that comes twice, the later file counts.
    func read(_ cursor: NodeCursor) -> [String: String] {
        let elements = cursor.node.sequence == nil ? [cursor] : cursor.elements()
        return elements.reduce(into: [:]) { result, element in
            guard let reference = reference(element) else { return }
            let values = values(of: reference, element, known: result)
            result.merge(values) { _, later in later }
        }
    }

    private func reference(_ cursor: NodeCursor) -> Reference? {
        var reference = Reference()
        if cursor.node.mapping == nil {
            guard let path = cursor.nonEmptyString() else { return nil }
            reference.path = path
        } else {
            cursor.demandKeys(["path"])
            cursor.read(
                into: &reference,
                fields: [
                    "path": field(\.path) { $0.nonEmptyString() },
                    "required": field(\.isRequired) { $0.boolean() },
                    "format": { format, reference in
                        reference.isRaw = format.form("raw, the only other format") { $0 == "raw" } != nil
                    },
                ])
        }
        guard !reference.path.isEmpty else { return nil }
        guard ProjectPath.isInside(reference.path) else {
            cursor.fail(.refused, "\((cursor.child("path") ?? cursor).shown) must be a relative path without ..")
            return nil
        }
        return reference
    }

    private func values(of reference: Reference, _ cursor: NodeCursor, known: [String: String]) -> [String: String] {
        let path = ProjectPath.cleaned(reference.path)
        do {
            guard let text = try files.read(path) else {
                if reference.isRequired { cursor.fail(.reference, "there is no file \(path)") }
                return [:]
            }
            if reference.isRaw { return try raw(text, fileName: path) }
            return try DotEnv.parse(text, fileName: path, environment: known.merging(environment) { _, outer in outer })
        } catch let error as DotEnvError {
            cursor.fail(error.description)
        } catch let error as UTF8Text.Failure {
            cursor.fail("\(path):\(error.line): \(UTF8Text.Failure.reason)")
        } catch let error as GuardedFolderError {
            cursor.fail(.refused, "\(error)")
        } catch {
            cursor.fail(.reference, "\(path) cannot be read")
        }
        return [:]
    }

    /// Every line is `NAME=value`, taken literally, or a name that takes its value from the environment. Lines end in
    /// LF or CRLF; what begins with `#` is a comment.
    private func raw(_ text: String, fileName: String) throws(DotEnvError) -> [String: String] {
        var result: [String: String] = [:]
        let start = text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
        for (index, line) in start.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var line = line.drop { $0.properties.isWhitespace }
            if line.last == "\r" { line.removeLast() }
            guard let first = line.first, first != "#" else { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard !parts[0].isEmpty, !parts[0].contains(where: \.isWhitespace) else {
                throw DotEnvError(
                    file: fileName, line: index + 1, reason: "a variable's name is missing or has a space")
            }
            result[parts[0]] = parts.count == 2 ? parts[1] : environment[parts[0]]
        }
        return result
    }
}
