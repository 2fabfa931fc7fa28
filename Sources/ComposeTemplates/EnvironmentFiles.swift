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
            if reference.isRaw { return raw(text) }
            return try DotEnv.parse(text, fileName: path, environment: known.merging(environment) { _, outer in outer })
        } catch let error as DotEnvError {
            cursor.fail(error.description)
        } catch {
            cursor.fail(.reference, "\(path) cannot be read: \(error)")
        }
        return [:]
    }

    /// Every line is `NAME=value`, taken as it is, or a name that takes its value from the environment.
    private func raw(_ text: String) -> [String: String] {
        text.split(separator: "\n").reduce(into: [:]) { result, line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard !line.hasPrefix("#") else { return }
            let name = String(parts[0])
            result[name] = parts.count == 2 ? String(parts[1]) : environment[name]
        }
    }
}
