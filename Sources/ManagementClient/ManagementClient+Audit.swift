// Audit trails.
extension ManagementClient {
    /// Entries of one page of a trail.
    static let auditPageLength = 500
    /// Most pages of one trail.
    static let auditPagesMax = 20_000

    /// Reads the whole trail of an organization and checks it.
    ///
    /// - Parameter progress: told the number of entries checked so far, after every page.
    /// - Throws: ``ClientError/failed(_:)`` with the place where the trail breaks.
    public func verifyAuditTrail(
        of slug: String, progress: (Int64) -> Void = { _ in }
    ) async throws(ClientError) -> AuditTrailCheck {
        var check = AuditTrailCheck()
        for _ in 0..<Self.auditPagesMax {
            let entries = try await auditEntries(of: slug, after: check.count, limit: Self.auditPageLength)
            if entries.isEmpty { return check }
            do throws(AuditTrailCheck.Break) {
                for entry in entries { try check.check(entry) }
            } catch {
                throw .failed("the audit trail of \(slug) is broken: \(error)")
            }
            progress(check.count)
        }
        throw .failed("the audit trail of \(slug) is longer than this version can check")
    }
}
