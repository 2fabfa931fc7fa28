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

    /// Bytes below which requests store nothing new: tenants cannot take what is left from the manager itself.
    static let freeBytesForGrowth: UInt64 = 256 << 20

    /// False when it is known that there is too little room for more. What cannot be measured refuses nothing.
    var hasRoom: Bool {
        do { return try host.diskSpace(under: folder).freeBytes >= Self.freeBytesForGrowth } catch { return true }
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
