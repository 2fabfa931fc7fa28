import APIKit
import FoundationEssentials
import Orchestrator
import ProjectModel

/// A project's stack as files: what other tools need to run it.
struct ProjectExport: EncodableBody {
    /// The placeholder of a hidden value.
    static let masked = "********"

    /// A variable of the Compose file.
    struct Variable: EncodableBody {
        let name: String
        let value: String

        static let shape = BodyShape<Self>([
            .init("name", of: \.name),
            .init("value", of: \.value),
        ])
    }

    /// A file beside the Compose file.
    struct File: EncodableBody {
        let path: String
        /// The bytes in base64; null unless everything is revealed, since a file may be made of secrets.
        let content: Nullable<String>

        static let shape = BodyShape<Self>([
            .init("path", of: \.path),
            .init("content", of: \.content),
        ])
    }

    let ref: String
    let name: String
    let compose: String
    let environment: [Variable]
    let files: [File]

    static let shape = BodyShape<Self>(
        "ProjectExport",
        [
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("compose", of: \.compose),
            .init("environment", of: \.environment),
            .init("files", of: \.files),
        ])

    init(_ record: ProjectRecord, _ export: StackExport, reveals: Bool) {
        ref = record.ref.text
        name = record.name.text
        compose = reveals ? export.compose : URLText.withoutLogin(export.compose, keepsReferences: true)
        environment = export.environment.sorted { $0.key < $1.key }.map { name, value in
            Variable(name: name, value: reveals ? value.reveal() : Self.masked)
        }
        files = export.files.sorted { $0.key < $1.key }.map { path, bytes in
            File(path: path, content: Nullable(reveals ? Data(bytes).base64EncodedString() : nil))
        }
    }
}
