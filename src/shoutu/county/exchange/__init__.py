"""导入导出: files of tables going out, and coming in with a look before anything is written."""
