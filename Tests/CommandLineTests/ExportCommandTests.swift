import Foundation
import HTTPStub
import Testing

/// `projects export` and `template config --ref` against a stub in place of the API.
@Suite("Exports on the command line") struct ExportCommandTests {
    private static let answer = """
        {"ref": "\(Sample.refText)", "name": "shop",
        "compose": "services:\\n  db:\\n    image: postgres:17\\n    environment:\\n      PASSWORD: ${PASSWORD}\\n",
        "environment": [{"name": "COMPOSE_PROJECT_NAME", "value": "\(Sample.refText)"}, {"name": "PASSWORD", "value": "%"}],
        "files": [{"path": "volumes/db/a.sql", "content": "c2VsZWN0IDE7"}]}
        """

    private func run(
        _ arguments: [String], answer: String = answer, then check: (Program, StubServer, String) async throws -> Void
    ) async throws {
        let stub = try StubServer(.loopback) { request in
            switch "\(request.method) \(request.path)" {
            case "GET /platform/projects/\(Sample.refText)": return [.response(200, Sample.detail())]
            case "GET /platform/projects/\(Sample.refText)/compose":
                let isRevealed = request.target.contains("reveal=true")
                return [.response(200, answer.replacing("%", with: isRevealed ? "hush $1" : "********"))]
            default: return [.response(404, #"{"message": "there is no such path"}"#)]
            }
        }
        defer { stub.stop() }
        try await withFolder { home in
            let environment = [
                "SUPAMANAGER_API_URL": "http://127.0.0.1:\(stub.port)", "SUPAMANAGER_ACCESS_TOKEN": Sample.token,
            ]
            let arguments = arguments.map { $0.replacing("HOME", with: home) }
            try await check(try await Program.run(arguments, environment: environment, home: home), stub, home)
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("an export is a Compose file, a private .env, and the files beside them")
    func export() async throws {
        try await run(["projects", "export", Sample.refText, "--output", "HOME/out"]) { program, _, home async throws in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(!program.output.contains("hush") && !program.errors.contains("hush"))
            #expect(try mode(home + "/out") == 0o700)
            #expect(try mode(home + "/out/.env") == 0o600)
            let text = try String(contentsOfFile: home + "/out/.env", encoding: .utf8)
            #expect(text == "COMPOSE_PROJECT_NAME=\(Sample.refText)\nPASSWORD='hush $1'\n")
            let compose = try String(contentsOfFile: home + "/out/compose.yaml", encoding: .utf8)
            #expect(compose.contains("${PASSWORD}"))
            #expect(try String(contentsOfFile: home + "/out/volumes/db/a.sql", encoding: .utf8) == "select 1;")
        }
    }

    @Test("a folder with something in it, and an answer that leads out of the folder, are refused")
    func refused() async throws {
        try await run(["projects", "export", Sample.refText, "--output", "HOME"]) { program, _, _ async throws in
            #expect(program.exitCode != 0)
            #expect(program.errors.contains("is not empty"), "\(program.errors)")
        }
        let evil = Self.answer.replacing("volumes/db/a.sql", with: "../escaped")
        try await run(["projects", "export", Sample.refText, "--output", "HOME/out"], answer: evil) {
            program, _, home async throws in
            #expect(program.exitCode != 0)
            #expect(!FileManager.default.fileExists(atPath: home + "/escaped"))
        }
    }

    @Test("template config --ref masks secrets unless --reveal is given")
    func config() async throws {
        try await run(["template", "config", "--ref", Sample.refText]) { program, _, _ async throws in
            #expect(program.exitCode == 0, "\(program.errors)")
            #expect(program.output.contains("PASSWORD: \"********\""), "\(program.output)")
            #expect(program.errors.contains("--reveal"))
        }
        try await run(["template", "config", "--ref", Sample.refText, "--reveal"]) { program, _, _ async throws in
            #expect(program.output.contains("hush $$1"), "\(program.output)")
        }
        try await run(["template", "config"]) { program, _, _ async throws in #expect(program.exitCode == 64) }
        try await run(["template", "config", "x.yaml", "--ref", "y"]) { program, _, _ async throws in
            #expect(program.exitCode == 64)
        }
    }
}
