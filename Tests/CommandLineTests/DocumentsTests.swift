import ArgumentParser
import Foundation
import Testing

@testable import supamanager

/// What README, CONTRIBUTING and the guides tell people to type and to open: it is there, and it is run somewhere.
@Suite("Documents and what they name")
struct DocumentsTests {
    private static let pages = ["README.md", "CONTRIBUTING.md"]

    private static func commands(_ page: String) throws -> [DocumentedCommand] {
        DocumentedCommand.all(in: try Repository.text(page))
    }

    @Test("README has at most 120 lines")
    func length() throws {
        #expect(try Repository.text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 121)
    }

    @Test("every command of the program is one that it has", arguments: pages)
    func program(page: String) throws {
        let commands = try Self.commands(page).filter(\.isProgram)
        #expect(page != "README.md" || commands.count > 10)
        for command in commands {
            #expect(throws: Never.self, "\(command.words)") { try SupaManager.parseAsRoot(command.arguments) }
        }
    }

    @Test("every command of the program is run by a test", arguments: pages)
    func programTests(page: String) throws {
        for command in try Self.commands(page).filter(\.isProgram) {
            let path = try Self.path(of: command)
            #expect(Repository.tests.contains(where: { Self.runs(path, $0) }), "\(command.words)")
        }
    }

    /// The names of the command, from the program's own subcommands.
    private static func path(of command: DocumentedCommand) throws -> [String] {
        var path: [String] = []
        var known = SupaManager.configuration.subcommands
        for word in command.arguments {
            guard let found = known.first(where: { $0.configuration.commandName == word }) else { break }
            path.append(word)
            known = found.configuration.subcommands
        }
        return try #require(path.isEmpty ? nil : path)
    }

    /// As arguments of a process, some of which may stand apart, or as words of a shell.
    private static func runs(_ path: [String], _ text: String) -> Bool {
        path.allSatisfy { text.contains("\"\($0)\"") || text.contains("'\($0)'") }
            || text.contains("supamanager \(path.joined(separator: " "))")
    }

    @Test("every script is there, and its help has the options", arguments: pages)
    func scripts(page: String) async throws {
        let commands = try Self.commands(page).filter(\.isScript)
        #expect(!commands.isEmpty)
        for command in commands {
            let script = Repository.root + command.words[0]
            #expect(FileManager.default.isExecutableFile(atPath: script), "\(command.words)")
            let options = command.arguments.filter { $0.hasPrefix("--") }
            guard !options.isEmpty else { continue }
            try await withFolder { home in
                let help = try await Program.run(["--help"], of: script, home: home)
                #expect(help.exitCode == 0, "\(command.words): \(help.errors)")
                for option in options { #expect(help.output.contains(option), "\(command.words)") }
            }
        }
    }

    /// A soak lasts hours and a benchmark gives figures: people start them.
    private static let scriptsOfPeople: Set = ["scripts/bench", "scripts/soak", "scripts/test"]

    @Test("every other script is run by the gate or by a test", arguments: pages)
    func scriptTests(page: String) throws {
        for command in try Self.commands(page).filter(\.isScript) where !Self.scriptsOfPeople.contains(command.words[0])
        {
            let others = Repository.tests + Repository.gates.filter { $0.key != command.words[0] }.values
            #expect(others.contains { $0.contains(command.words[0]) }, "\(command.words)")
        }
    }

    @Test("what Swift is asked to build and to test is in the package", arguments: pages)
    func swift(page: String) throws {
        let package = try Repository.text("Package.swift")
        for command in try Self.commands(page) where command.words[0] == "swift" {
            #expect(["build", "test"].contains(command.words[1]), "\(command.words)")
            for (option, value) in zip(command.words, command.words.dropFirst()) {
                guard ["--product", "--filter"].contains(option) else { continue }
                for name in value.split(separator: "|") { #expect(package.contains("\"\(name)\""), "\(command.words)") }
            }
        }
    }

    @Test("no command is of a kind that these tests do not know", arguments: pages)
    func others(page: String) throws {
        for command in try Self.commands(page) {
            #expect(command.isProgram || command.isScript || command.words[0] == "swift", "\(command.words)")
        }
    }

    @Test("every file that a page or a guide names is there", arguments: Repository.guides)
    func files(page: String) throws {
        for name in Self.fileNames(in: try Repository.text(page)) {
            #expect(
                Repository.files.contains { $0 == name || $0.hasSuffix("/" + name) || $0.contains("/\(name)/") },
                "\(page) names \(name)")
        }
    }

    /// Sources, and paths into folders of the repository, that stand between backticks.
    private static func fileNames(in text: String) -> [String] {
        text.matches(of: /`([\w.+\/-]+)`/).map { String($0.1) }.filter { name in
            let isSource = name.wholeMatch(of: /.*\.(swift|sh|py|md|txt)/) != nil
            let isPath = ["Sources/", "Tests/", "scripts/", "Benchmarks/", "Features/", "examples/", "Images/"]
                .contains { name.hasPrefix($0) }
            return isSource || isPath
        }.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }
}
