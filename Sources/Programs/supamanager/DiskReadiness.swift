import APIKit
import Accounts
import ConsistencyModel
import Installation
import ManagementAPI
import Orchestrator

/// Whether there is room under the data folder, where the private PostgreSQL and the files of projects are. Without
/// room every change fails, even if database and engine answer.
struct DiskReadiness: Sendable {
    let host: any HostInspection
    let folder: String

    /// Bytes below which the manager is not ready: PostgreSQL needs some to finish its write-ahead log.
    static let freeBytesMin: UInt64 = 64 << 20

    /// Free bytes; nil while they cannot be measured.
    var freeBytes: UInt64? {
        do { return try host.diskSpace(under: folder).freeBytes } catch { return nil }
    }

    var check: ReadinessCheck {
        ReadinessCheck(name: "disk") { [self] in
            let space = try host.diskSpace(under: folder)
            guard space.freeBytes >= Self.freeBytesMin else {
                throw DiskFull(freeMebibytes: space.freeBytes >> 20)
            }
        }
    }

    /// Too little is free.
    struct DiskFull: Error, CustomStringConvertible {
        let freeMebibytes: UInt64

        var description: String {
            "\(freeMebibytes) MiB are free under the data folder, \(DiskReadiness.freeBytesMin >> 20) MiB are needed: "
                + "make room on its disk"
        }
    }
}
