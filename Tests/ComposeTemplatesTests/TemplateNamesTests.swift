import Foundation
import ProjectModel
import Testing

@testable import ComposeTemplates

/// The names of a template belong to it: the sources know roles and purposes, and the words of the Management API.
@Suite("Names of the template in the sources")
struct TemplateNamesTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private struct Literal {
        let file: String
        let line: Int
        let text: String
        /// The line without the texts in it.
        let code: String
    }

    private let manifest: TemplateManifest
    private let project: ComposeProject

    init() throws {
        let template = try StackTemplate(folder: Self.root.path + "/Templates/supabase")
        manifest = template.manifest
        project = try template.project(named: "a", environment: manifest.standIns(), services: nil)
    }

    /// Parts of the sources that do have such names: the doubles stand for a template, and the data plane takes the
    /// names of settings that the services of the template have.
    private static let exempt = ["ControlPlane/Core/OrchestratorTesting/", "DataPlane/", "Programs/projectd/"]

    /// Every text on one line of the product's sources.
    private static func literals() throws -> [Literal] {
        let sources = root.path + "/Sources"
        let files = try #require(FileManager.default.enumerator(atPath: sources)).compactMap { $0 as? String }
        var found: [Literal] = []
        for file in files where file.hasSuffix(".swift") && !exempt.contains(where: file.hasPrefix) {
            let data = try #require(FileManager.default.contents(atPath: sources + "/" + file))
            let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() {
                let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
                guard parts.count > 2, !line.drop(while: { $0 == " " }).hasPrefix("//") else { continue }
                let code = stride(from: 0, to: parts.count, by: 2).map { String(parts[$0]) }.joined(separator: "\"\"")
                for index in stride(from: 1, to: parts.count, by: 2) {
                    found.append(Literal(file: file, line: number + 1, text: String(parts[index]), code: code))
                }
            }
        }
        return found
    }

    private static func words(_ text: String) -> Set<String> {
        Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    }

    /// Names that the manager gives under its own names to every template; they are no names of the template.
    private static let given: Set<String> = ["PROJECT_REF", "PROJECT_NAME", "BIND_ADDRESS", "PUBLIC_URL", "SUBNET"]

    @Test("no variable of a template is named in the sources")
    func variables() throws {
        var names = Set(manifest.ports.map(\.name)).union(manifest.variables.map(\.name)).union(manifest.secrets.keys)
        names.formUnion(manifest.tokens.keys)
        names.formUnion(manifest.apiKeys.keys)
        names.formUnion(manifest.addresses.keys)
        names.formUnion(manifest.ranges.keys)
        names.subtract(Self.given)
        #expect(names.count > 250)
        for literal in try Self.literals() {
            let used = Self.words(literal.text).intersection(names).filter { $0.contains("_") }
            #expect(used.isEmpty, "\(literal.file):\(literal.line): \(used.sorted())")
        }
    }

    @Test("no SQL role and no folder of a template is named in the sources")
    func rolesAndFolders() throws {
        let database = try #require(manifest.database)
        var names = Set(database.sharingPassword)
        names.formUnion([database.administrator, database.owner, database.readOnly ?? "", database.database])
        // PgBouncer is a word of the API too, and PostgreSQL calls its first role and database so.
        names.subtract(manifest.restartNames.keys)
        names.remove("postgres")
        let folder = try #require(manifest.functionsFolder)
        // Roles of the project that a dump is from: what Supabase makes there, whatever this installation's stacks have.
        for literal in try Self.literals() where !literal.file.hasSuffix("Import/ImportGround.swift") {
            let used = Self.words(literal.text).intersection(names)
            #expect(used.isEmpty, "\(literal.file):\(literal.line): \(used.sorted())")
            #expect(!literal.text.contains(folder), "\(literal.file):\(literal.line): \(folder)")
            // The last one speaks of a path of the API.
            let isOwn = [
                "EmbeddedPostgres/", "PostgresKit/", "PostgresStore/", "ComposeTemplates/Reading/",
                "ManagementClient+Settings.swift",
            ].contains { literal.file.contains($0) }
            #expect(isOwn || literal.text != "postgres", "\(literal.file):\(literal.line): postgres")
        }
    }

    @Test("no service of a template is named in the sources")
    func services() throws {
        let names = Set(project.services.keys)
        let vocabulary = Set(ServiceRole.allCases.map(\.rawValue))
            .union(manifest.healthNames.keys).union(manifest.restartNames.keys)
        for literal in try Self.literals() where names.contains(literal.text) {
            let place: Comment = "\(literal.file):\(literal.line): \(literal.text)"
            #expect(vocabulary.contains(literal.text), place)
            // A word of the API may be one, but no service is looked for by it.
            for form in ["ServiceName(\"\"", ".text == \"\"", "\"\" == "] {
                #expect(!literal.code.contains(form), place)
            }
        }
    }
}
