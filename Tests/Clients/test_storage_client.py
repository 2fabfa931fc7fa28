"""The published Python clients of storage, S3 and TUS, unchanged, against projectd."""

import io
import shutil
import tempfile
import unittest

import boto3
import boto3.s3.transfer
import botocore.config
import httpx
from storage3 import SyncStorageClient
from storage3.exceptions import StorageApiError
from tusclient.client import TusClient

from test_auth_client import SECRET, data_plane, plane

storage = data_plane("test_auth")
ROLES = "CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;"


class StorageClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = plane.Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)
        cls.folder = tempfile.mkdtemp(prefix="sm-storage-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = plane.Server(cls.cluster, "postgres", {
            "STORAGE_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{cls.cluster.port}/postgres",
            "AUTH_JWT_SECRET": SECRET, "STORAGE_FILE_BACKEND_PATH": cls.folder,
            "S3_PROTOCOL_ACCESS_KEY_ID": "key", "S3_PROTOCOL_ACCESS_KEY_SECRET": "secret"}, only="storage")
        cls.addClassCleanup(cls.server.stop)
        cls.url = f"http://127.0.0.1:{cls.server.port}"
        cls.headers = {"Authorization": f"Bearer {storage.SERVICE}"}
        cls.client = SyncStorageClient(cls.url + "/", dict(cls.headers))

    def setUp(self):
        self.bucket = f"bucket-{self.id().rsplit('.', 1)[1][:60]}".replace("_", "-")
        self.client.create_bucket(self.bucket)
        self.objects = self.client.from_(self.bucket)

    def tearDown(self):
        self.client.empty_bucket(self.bucket)
        self.client.delete_bucket(self.bucket)

    def test_upload_download_info(self):
        self.objects.upload("dir/a.txt", b"hello", {"content-type": "text/plain", "cache-control": "3600",
                                                    "metadata": {"custom": "value"}})
        self.assertEqual(self.objects.download("dir/a.txt"), b"hello")
        info = self.objects.info("dir/a.txt")
        self.assertEqual((info["name"], info["content_type"], info["cache_control"]),
                         ("dir/a.txt", "text/plain", "max-age=3600"))
        self.assertEqual(info["metadata"], {"custom": "value"})
        self.assertTrue(self.objects.exists("dir/a.txt"))
        self.assertFalse(self.objects.exists("dir/none"))
        listed = self.objects.list("dir")
        self.assertEqual([(entry["name"], entry["metadata"]["mimetype"]) for entry in listed], [("a.txt", "text/plain")])
        self.objects.update("dir/a.txt", b"other", {"content-type": "text/plain"})
        self.assertEqual(self.objects.download("dir/a.txt"), b"other")

    def test_copy_move_remove(self):
        self.objects.upload("a", b"x")
        self.objects.copy("a", "b")
        self.objects.move("a", "c")
        self.assertEqual(sorted(entry["name"] for entry in self.objects.list()), ["b", "c"])
        self.assertEqual(sorted(entry["name"] for entry in self.objects.remove(["b", "c"])), ["b", "c"])

    def test_signed_addresses(self):
        self.objects.upload("a/b.txt", b"hello")
        url = self.objects.create_signed_url("a/b.txt", 60, {"download": "x.txt"})["signedURL"]
        answer = httpx.get(url)
        self.assertEqual(answer.content, b"hello")
        self.assertEqual(answer.headers["content-disposition"], "attachment; filename=x.txt; filename*=UTF-8''x.txt")
        many = self.objects.create_signed_urls(["a/b.txt", "none"], 60)
        self.assertIsNone(many[0]["error"])
        self.assertIsNotNone(many[1]["error"])
        signed = self.objects.create_signed_upload_url("put.txt")
        self.objects.upload_to_signed_url(signed["path"], signed["token"], b"put")
        self.assertEqual(self.objects.download("put.txt"), b"put")

    def test_list_v2_pages(self):
        for index in range(5):
            self.objects.upload(f"f/{index}", b"x")
        names, cursor = [], None
        while True:
            page = self.objects.list_v2({"prefix": "f/", "limit": 2, **({"cursor": cursor} if cursor else {})})
            names += [entry.name for entry in page.objects]
            cursor = page.nextCursor
            if not page.hasNext:
                break
        self.assertEqual(names, [f"f/{index}" for index in range(5)])
        self.assertEqual([folder.name for folder in self.objects.list_v2({"with_delimiter": True}).folders], ["f/"])

    def test_errors(self):
        with self.assertRaises(StorageApiError) as caught:
            self.objects.download("none")
        self.assertEqual((caught.exception.status, caught.exception.code), ("404", "not_found"))

    def test_tus(self):
        client = TusClient(self.url + "/upload/resumable", headers={**self.headers, "x-upsert": "true"})
        data = bytes(range(256)) * 4_096
        client.uploader(file_stream=io.BytesIO(data), chunk_size=300_000, metadata={
            "bucketName": self.bucket, "objectName": "tus", "contentType": "application/x-tus"}).upload()
        self.assertEqual(self.objects.download("tus"), data)

    def test_s3(self):
        s3 = boto3.client("s3", endpoint_url=self.url + "/s3", aws_access_key_id="key", aws_secret_access_key="secret",
                          region_name="us-east-1",
                          config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"}))
        s3.put_object(Bucket=self.bucket, Key="dir/ä b+c", Body=b"hello", Metadata={"a": "b"})
        got = s3.get_object(Bucket=self.bucket, Key="dir/ä b+c")
        self.assertEqual((got["Body"].read(), got["Metadata"]), (b"hello", {"a": "b"}))
        listed = s3.list_objects_v2(Bucket=self.bucket)
        self.assertEqual([entry["Key"] for entry in listed["Contents"]], ["dir/ä b+c"])
        large = bytes(6 << 20)
        s3.upload_fileobj(io.BytesIO(large), self.bucket, "large",
                          Config=boto3.s3.transfer.TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
        self.assertEqual(s3.head_object(Bucket=self.bucket, Key="large")["ContentLength"], len(large))
        url = s3.generate_presigned_url("get_object", Params={"Bucket": self.bucket, "Key": "dir/ä b+c"})
        self.assertEqual(httpx.get(url).content, b"hello")
        s3.delete_objects(Bucket=self.bucket, Delete={"Objects": [{"Key": "large"}]})
        with self.assertRaises(s3.exceptions.ClientError):
            s3.head_object(Bucket=self.bucket, Key="large")


if __name__ == "__main__":
    unittest.main()
