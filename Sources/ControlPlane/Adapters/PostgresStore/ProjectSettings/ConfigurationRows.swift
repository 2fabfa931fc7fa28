import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the columns of `projects` that concern its configuration.
enum ConfigurationRows {
    /// The configuration of a project; nil when its secrets are destroyed or it never was. The revision is read first:
    /// changes between the statements are then newer than the revision says.
    static func select(_ ref: ProjectRef, in session: some PostgresSession) async throws -> StoredConfiguration? {
        let row = try await session.first(
            """
            select configuration_revision, legacy_keys_enabled from projects
            where ref = $1 and wrapped_key is not null
            """,
            [.text(ref.text)])
        guard let row else { return nil }
        return StoredConfiguration(
            revision: try row.int64("configuration_revision"),
            settings: try await SettingRows.settings(ref, in: session),
            apiKeys: try await APIKeyRows.select(ref, in: session),
            acceptsLegacyKeys: try row.bool("legacy_keys_enabled"),
            functionSecrets: try await SettingRows.functionSecrets(ref, in: session))
    }

    /// Makes a change if it was made from the present revision; false when it was not.
    static func change(
        _ ref: ProjectRef, _ change: ConfigurationChange, in session: some PostgresSession
    ) async throws -> Bool {
        let changed = try await session.execute(
            """
            update projects set configuration_revision = configuration_revision + 1, updated_at = $3,
                legacy_keys_enabled = coalesce($4::boolean, legacy_keys_enabled)
            where ref = $1 and configuration_revision = $2 and status not in ('DELETING', 'DELETED')
                and ($5::boolean is false or status = 'ACTIVE')
            """,
            [
                .text(ref.text), .int(change.revision), .timestamp(change.at.postgres),
                .optional(change.acceptsLegacyKeys), .bool(change.trial != nil),
            ])
        guard changed == 1 else { return false }
        if change.trial != nil {
            try await SettingRows.keepFormer(change.settings.keys.sorted(), of: ref, in: session)
        }
        try await SettingRows.save(settings: change.settings, of: ref, in: session)
        try await SettingRows.save(functionSecrets: change.functionSecrets, of: ref, in: session)
        try await APIKeyRows.delete(change.removedKeys, of: ref, in: session)
        try await APIKeyRows.save(change.savedKeys, of: ref, in: session)
        try await SecretRows.replace(change.secrets, of: ref, in: session)
        return true
    }

    /// Gives a project another name; false when there is no such project.
    static func rename(
        _ ref: ProjectRef, to name: ProjectName, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        do {
            return try await session.execute(
                "update projects set name = $2, updated_at = $3 where ref = $1 and status <> 'DELETED'",
                [.text(ref.text), .text(name.text), .timestamp(time.postgres)]) == 1
        } catch {
            guard error.constraint == "projects_name_in_organization" else { throw error }
            throw StoreError.nameTaken(name.text)
        }
    }

    /// Destroys what a project has configured.
    static func delete(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        try await SettingRows.delete(ref, in: session)
        try await APIKeyRows.delete(ref, in: session)
    }
}
