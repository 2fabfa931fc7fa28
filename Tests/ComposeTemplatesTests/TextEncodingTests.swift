import Foundation
import Orchestrator
import Testing

@testable import ComposeTemplates

/// Texts as files hold them: bytes that are not UTF-8, lines that end in CRLF.
@Suite("Encodings of texts") struct TextEncodingTests {
    private func withFolder(_ files: [String: Data], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "text-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in files { try data.write(to: folder.appending(path: name)) }
        try body(folder.path)
    }

    private static let wrong = Data("# first\n# sec".utf8) + Data([0xFF, 0xFE]) + Data("ond\nA=1\n".utf8)

    @Test("bytes that are not UTF-8 are an error with the file and the line, never a replacement character")
    func notUTF8() throws {
        #expect(throws: UTF8Text.Failure(line: 2)) { try UTF8Text.decode(Self.wrong) }
        #expect(throws: UTF8Text.Failure(line: 1)) { try UTF8Text.decode(Data([0xC3])) }
        #expect(try UTF8Text.decode(Data("é\r\n".utf8)) == "é\r\n")
        try withFolder(["compose.yaml": Self.wrong]) { folder throws in
            #expect(throws: TemplateError.broken("\(folder)/compose.yaml:2: \(UTF8Text.Failure.reason)")) {
                try StackTemplate(folder: folder)
            }
        }
        let text = Data("services:\n  a:\n    image: i\n    env_file: x.env\n".utf8)
        try withFolder(["compose.yaml": text, "x.env": Self.wrong]) { folder throws in
            let options = ComposeLoader.Options(projectName: "p")
            let files = TemplateFiles.folder(folder)
            let found = try rejection(of: String(decoding: text, as: UTF8.self), options, files)
            #expect(found == ["compose.yaml:4:15: services.a.env_file: x.env:2: \(UTF8Text.Failure.reason)"])
        }
    }

    private func rejection(
        of text: String, _ options: ComposeLoader.Options, _ files: TemplateFiles
    ) throws -> [String] {
        var options = options
        options.files = files
        do {
            _ = try ComposeLoader.load(text: text, fileName: "compose.yaml", options: options)
            return []
        } catch { return error.problems.map(\.description) }
    }

    @Test("a raw env file has a variable on each line, whichever way lines end")
    func rawFiles() throws {
        let file = "\u{FEFF}A=1\r\n# B=2\r\n\r\n  C='x' # y\r\nD\nE=\nF=a=b"
        let body = "env_file: [{path: e, format: raw}]"
        let found = try service(body, environment: ["D": "outer"], files: ["e": file])
        #expect(found.environment == ["A": "1", "C": "'x' # y", "D": "outer", "E": "", "F": "a=b"])
        let bad = "services:\n  a:\n    image: i\n    env_file: [{path: e, format: raw}]\n"
        #expect(
            problems(bad, files: ["e": "A=1\n=2"]) == [
                "compose.yaml:4:16: services.a.env_file[0]: e:2: a variable's name is missing or has a space"
            ])
        #expect(problems(bad, files: ["e": "A B=1"]).count == 1)
    }

    @Test("a .env file may end its lines in CRLF")
    func dotEnv() throws {
        #expect(try DotEnv.parse("A=1\r\nB=\"x\r\ny\"\r\n") == ["A": "1", "B": "x\ny"])
    }
}
