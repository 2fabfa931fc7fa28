package import APIKit
package import BackupOperations
import Orchestrator

/// Backups of projects' databases, and their restore.
package struct BackupsFeature: Sendable {
    private let backups: BackupCatalog

    package init(backups: BackupCatalog) { self.backups = backups }

    package var routes: [Route] { BackupsController(backups: backups).routes }
}
