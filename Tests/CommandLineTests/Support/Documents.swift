import Foundation

/// The files of this repository.
enum Repository {
    /// Its folder, with a slash at the end.
    static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/"

    static func text(_ path: String) throws -> String { try String(contentsOfFile: root + path, encoding: .utf8) }

    /// Paths below the folders that people read and run.
    static let files: [String] =
        ["Sources", "Tests", "scripts", "examples", "Templates", "Benchmarks", "Images"]
        .flatMap { folder in
            (FileManager.default.enumerator(atPath: root + folder)?.compactMap { $0 as? String } ?? []).map {
                "\(folder)/\($0)"
            }
        } + ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])

    /// README and its neighbours, and the guides.
    static let guides: [String] =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        + files.filter { $0.contains(".docc/Guides/") && $0.hasSuffix(".md") }.sorted()

    /// The texts of all tests: what they run stands in them.
    static let tests: [String] = files.filter { file in
        (file.hasPrefix("Tests/") || file.hasPrefix("Images/tests/") || file.hasPrefix("examples/"))
            && !file.hasSuffix("DocumentsTests.swift") && !file.hasSuffix(".md")
    }.compactMap { try? text($0) }

    /// The texts of the scripts, by name: `scripts/test` runs the others.
    static let gates: [String: String] = Dictionary(
        uniqueKeysWithValues: files.filter { $0.hasPrefix("scripts/") }.compactMap { file in
            (try? text(file)).map { (file, $0) }
        })
}

/// A command in a block of a document's shell, or between backticks in its text.
struct DocumentedCommand {
    /// Its words, without `sudo`, assignments and a comment behind it.
    let words: [String]

    private static let programs = ["supamanager", ".build/release/supamanager"]

    var isProgram: Bool { Self.programs.contains(words[0]) }
    var isScript: Bool { words[0].hasPrefix("scripts/") }
    var arguments: [String] { Array(words.dropFirst()) }

    init?(_ text: Substring) {
        var words = text.split(separator: " ").map { $0.trimmingCharacters(in: ["'", "\""]) }
        while let first = words.first, first == "sudo" || first == "export" || first.contains("=") {
            words.removeFirst()
        }
        guard !words.isEmpty else { return nil }
        self.words = words
    }

    static func all(in text: String) -> [DocumentedCommand] {
        var isShell = false
        var found: [DocumentedCommand] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") {
                isShell = line == "```bash"
            } else if isShell {
                let code = line.split(separator: "#", omittingEmptySubsequences: false)[0]
                found += code.split(separator: "&&").compactMap { DocumentedCommand($0) }
            } else {
                found += line.matches(of: /`((?:scripts\/[a-z]|supamanager )[^`]*)`/).compactMap {
                    DocumentedCommand($0.1)
                }.filter { !$0.words[0].contains("/lib/") }
            }
        }
        return found
    }
}
