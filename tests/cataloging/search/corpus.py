"""A small catalogue for tests of searching: well-known books, and others chosen to confuse.

``(key, title, author, year, class, subjects)``; a title may have a subtitle after `` : ``. The
last column of some is a note. Titles and authors are facts; years are those of some printing.
"""

from typing import Any

BOOKS: tuple[tuple[str, ...], ...] = (
    ("kieu", "Truyện Kiều", "Nguyễn Du", "1996", "895.92212", "Văn học trung đại; Truyện thơ Nôm"),
    ("kieu_eng", "The tale of Kiều : a bilingual edition", "Nguyễn Du", "1987", "895.92212", "Truyện thơ; Song ngữ"),
    ("so_do", "Số đỏ", "Vũ Trọng Phụng", "1938", "895.922332", "Tiểu thuyết; Văn học hiện thực"),
    ("so_do_2", "Sổ đo đạc ruộng đất", "Trần Sổ", "2001", "526.9", "Đo đạc"),
    ("tat_den", "Tắt đèn", "Ngô Tất Tố", "1939", "895.922332", "Tiểu thuyết; Nông thôn"),
    ("chi_pheo", "Chí Phèo : truyện ngắn", "Nam Cao", "1941", "895.922332", "Truyện ngắn"),
    ("lao_hac", "Lão Hạc", "Nam Cao", "1943", "895.922332", "Truyện ngắn; Nông thôn"),
    ("nam_cao_diem", "Năm cao điểm trên đường chín", "Lê Văn Đô", "1985", "959.7043", "Chiến tranh"),
    ("buoc_duong", "Bước đường cùng", "Nguyễn Công Hoan", "1938", "895.922332", "Tiểu thuyết"),
    ("gio_dau_mua", "Gió đầu mùa", "Thạch Lam", "1937", "895.922332", "Truyện ngắn; Tự lực văn đoàn"),
    ("hon_buom", "Hồn bướm mơ tiên", "Khái Hưng", "1933", "895.922332", "Tiểu thuyết; Tự lực văn đoàn"),
    ("vang_bong", "Vang bóng một thời", "Nguyễn Tuân", "1940", "895.922332", "Truyện ngắn; Tùy bút"),
    ("tho_tho", "Thơ thơ", "Xuân Diệu", "1938", "895.922132", "Thơ mới"),
    ("thi_nhan", "Thi nhân Việt Nam", "Hoài Thanh", "1942", "895.92213209", "Phê bình văn học; Thơ mới"),
    ("de_men", "Dế Mèn phiêu lưu ký", "Tô Hoài", "2020", "895.9223", "Truyện thiếu nhi; Loài vật"),
    ("tay_bac", "Truyện Tây Bắc", "Tô Hoài", "1953", "895.922334", "Truyện ngắn; Tây Bắc"),
    ("dat_rung", "Đất rừng phương Nam", "Đoàn Giỏi", "1957", "895.922334", "Truyện thiếu nhi; Nam Bộ"),
    ("la_co", "Lá cờ thêu sáu chữ vàng", "Nguyễn Huy Tưởng", "1960", "895.922334", "Truyện lịch sử; Trần Quốc Toản; Thiếu nhi"),
    ("tuoi_tho", "Tuổi thơ dữ dội", "Phùng Quán", "1988", "895.922334", "Tiểu thuyết; Thiếu niên; Kháng chiến"),
    ("que_noi", "Quê nội", "Võ Quảng", "1974", "895.922334", "Truyện thiếu nhi; Quảng Nam"),
    ("ve_tuoi_tho", "Cho tôi xin một vé đi tuổi thơ", "Nguyễn Nhật Ánh", "2008", "895.92234", "Truyện dài; Tuổi thơ", "", "9786041004757"),
    ("hoa_vang", "Tôi thấy hoa vàng trên cỏ xanh", "Nguyễn Nhật Ánh", "2010", "895.92234", "Truyện dài; Thiếu niên", "", "9786041000698"),
    ("mat_biec", "Mắt biếc", "Nguyễn Nhật Ánh", "1990", "895.922334", "Truyện dài"),
    ("kinh_van_hoa", "Kính vạn hoa", "Nguyễn Nhật Ánh", "1995", "895.922334", "Truyện thiếu nhi; Bộ sách"),
    ("noi_buon", "Nỗi buồn chiến tranh", "Bảo Ninh", "1991", "895.922334", "Tiểu thuyết; Chiến tranh"),
    ("dau_chan", "Dấu chân người lính", "Nguyễn Minh Châu", "1972", "895.922334", "Tiểu thuyết; Kháng chiến chống Mỹ"),
    ("thoi_xa_vang", "Thời xa vắng", "Lê Lựu", "1986", "895.922334", "Tiểu thuyết; Đổi mới"),
    ("tuong_ve_huu", "Tướng về hưu", "Nguyễn Huy Thiệp", "1988", "895.922334", "Truyện ngắn"),
    ("canh_dong", "Cánh đồng bất tận", "Nguyễn Ngọc Tư", "2005", "895.92234", "Truyện ngắn; Nam Bộ"),
    ("thuy_tram", "Nhật ký Đặng Thùy Trâm", "Đặng Thùy Trâm", "2005", "959.7043092", "Nhật ký; Liệt sĩ; Bác sĩ"),
    ("peace", "Last night I dreamed of peace", "Dang Thuy Tram", "2007", "959.7043092", "Diaries", "", "9780307347374"),
    ("hai_muoi", "Mãi mãi tuổi hai mươi", "Nguyễn Văn Thạc", "2005", "959.7043092", "Nhật ký; Liệt sĩ"),
    ("trong_tu", "Nhật ký trong tù", "Hồ Chí Minh", "1960", "895.1152", "Thơ chữ Hán"),
    ("tu_ay", "Từ ấy", "Tố Hữu", "1946", "895.922134", "Thơ cách mạng"),
    ("ca_mau", "Hương rừng Cà Mau", "Sơn Nam", "1962", "895.922334", "Truyện ngắn; Cà Mau"),
    ("khan_hoang", "Lịch sử khẩn hoang miền Nam", "Sơn Nam", "1973", "959.77", "Lịch sử; Nam Bộ"),
    ("do_doc", "Đò dọc", "Bình Nguyên Lộc", "1959", "895.922334", "Tiểu thuyết"),
    ("toan_thu", "Đại Việt sử ký toàn thư", "Ngô Sĩ Liên", "1993", "959.702", "Lịch sử; Biên niên"),
    ("su_luoc", "Việt Nam sử lược", "Trần Trọng Kim", "1920", "959.7", "Lịch sử Việt Nam"),
    ("van_hoa", "Việt Nam văn hóa sử cương", "Đào Duy Anh", "1938", "306.09597", "Văn hóa; Lịch sử"),
    ("phong_tuc", "Việt Nam phong tục", "Phan Kế Bính", "1915", "390.09597", "Phong tục"),
    ("gia_dinh", "Gia Định thành thông chí", "Trịnh Hoài Đức", "1998", "915.977", "Địa chí; Nam Bộ"),
    ("khong_gia_dinh", "Không gia đình", "Hector Malot", "2000", "843.8", "Tiểu thuyết; Pháp"),
    ("sai_gon", "Sài Gòn năm xưa", "Vương Hồng Sển", "1960", "959.779", "Địa chí; Sài Gòn"),
    ("song_be", "Địa chí tỉnh Sông Bé", "Trần Bạch Đằng", "1991", "915.9774", "Địa chí; Sông Bé; Bình Dương"),
    ("binh_duong", "Địa chí Bình Dương", "Nhiều tác giả", "2010", "915.9774", "Địa chí; Bình Dương"),
    ("hcm_toan_tap", "Hồ Chí Minh toàn tập", "Hồ Chí Minh", "2011", "335.4346", "Tư tưởng Hồ Chí Minh"),
    ("hien_phap", "Hiến pháp nước Cộng hòa xã hội chủ nghĩa Việt Nam", "Quốc hội", "2014", "342.59702", "Hiến pháp; Văn bản pháp luật"),
    ("dan_su", "Bộ luật Dân sự", "Quốc hội", "2016", "346.597", "Luật dân sự"),
    ("luat_thu_vien", "Luật Thư viện", "Quốc hội", "2020", "344.597092", "Luật thư viện"),
    ("thu_vien_hoc", "Thư viện học đại cương", "Phan Văn", "1983", "020", "Thư viện học"),
    ("cay_co", "Cây cỏ Việt Nam", "Phạm Hoàng Hộ", "1999", "581.9597", "Thực vật; Tra cứu"),
    ("cay_thuoc", "Những cây thuốc và vị thuốc Việt Nam", "Đỗ Tất Lợi", "2004", "615.321", "Cây thuốc; Y học cổ truyền"),
    ("cao_su", "Một trăm năm cao su ở Việt Nam", "Đặng Văn Vinh", "2000", "633.895209597", "Cây cao su; Nông nghiệp"),
    ("tu_dien", "Từ điển tiếng Việt", "Hoàng Phê", "2003", "495.9223", "Từ điển"),
    ("ngu_van_6_1", "Ngữ văn 6. Tập 1", "Bùi Mạnh Hùng", "2021", "807.12", "Sách giáo khoa; Lớp 6"),
    ("ngu_van_6_2", "Ngữ văn 6. Tập 2", "Bùi Mạnh Hùng", "2021", "807.12", "Sách giáo khoa; Lớp 6"),
    ("toan_6", "Toán 6. Tập 1", "Hà Huy Khoái", "2021", "510.712", "Sách giáo khoa; Lớp 6"),
    ("khon_kho", "Những người khốn khổ", "Victor Hugo", "1999", "843.7", "Tiểu thuyết; Pháp"),
    ("hoang_tu", "Hoàng tử bé", "Antoine de Saint-Exupéry", "2013", "843.912", "Truyện; Thiếu nhi; Pháp"),
    ("potter", "Harry Potter và Hòn đá Phù thủy", "J. K. Rowling", "2000", "823.914", "Truyện; Thiếu niên; Anh"),
    ("dac_nhan_tam", "Đắc nhân tâm", "Dale Carnegie", "1951", "158.2", "Tâm lý; Giao tiếp"),
    ("thep", "Thép đã tôi thế đấy", "Nikolai Ostrovsky", "1998", "891.7342", "Tiểu thuyết; Nga"),
    ("nha_gia_kim", "Nhà giả kim", "Paulo Coelho", "2013", "869.34", "Tiểu thuyết; Braxin"),
    ("thoi_gian", "Lược sử thời gian", "Stephen Hawking", "2005", "523.1", "Vũ trụ học"),
    ("doremon", "Đôrêmon : truyện tranh", "Fujiko F. Fujio", "1992", "741.5", "Truyện tranh; Thiếu nhi"),
    ("dam_san", "Đăm San : sử thi Ê-đê", "Nhiều tác giả", "1988", "398.2", "Sử thi; Ê-đê"),
    ("hmong", "Truyện cổ H'Mông", "Lê Trung Vũ", "1975", "398.2", "Truyện cổ; Dân tộc Mông"),
    ("chien_tranh_hoa_binh", "Chiến tranh và hòa bình", "Lev Tolstoi", "1976", "891.733", "Tiểu thuyết; Nga"),
    ("hoa_binh_tinh", "Địa lý tỉnh Hoà Bình", "Nguyễn Văn Hoà", "1990", "915.9719", "Địa lí; Hoà Bình"),
    ("ky_thuat", "Kỹ thuật trồng lúa nước", "Lê Lý", "1999", "633.18", "Trồng trọt; Lúa"),
    ("ki_thuat", "Kĩ thuật nuôi cá", "Trần Mĩ", "2001", "639.3", "Thủy sản"),
    ("ma", "Ma", "Lê Ma", "1980", "133.1", "Ma quỷ"),
    ("ma_me", "Má", "Trần Thị Má", "1981", "895.922334", "Truyện ngắn"),
    ("ma_la", "Mà", "Lý Mà", "1982", "895.922134", "Thơ"),
    ("ma_ngua", "Mã", "Phạm Mã", "1983", "636.1", "Ngựa"),
    ("ma_mo", "Mả", "Vũ Mả", "1984", "393", "Mồ mả"),
    ("ma_lua", "Mạ", "Đỗ Mạ", "1985", "633.18", "Lúa"),
    ("mat_ma", "Mật mã và an toàn thông tin", "Bùi Mật", "2010", "005.8", "Mật mã"),
    ("mat_ong", "Mật ong", "Hà Ong", "2003", "638.1", "Nuôi ong"),
    ("mat_troi", "Mặt trời", "Hà Trời", "2004", "523.7", "Thiên văn"),
    ("cpp", "Lập trình C++ cơ bản", "Phạm Văn Ất", "2009", "005.133", "Lập trình"),
    ("c_lang", "Ngôn ngữ lập trình C", "Quách Tuấn Ngọc", "1998", "005.133", "Lập trình"),
    ("orwell", "1984", "George Orwell", "1949", "823.912", "Tiểu thuyết; Anh"),
    ("ecole", "L'école des femmes", "Molière", "1972", "842.4", "Kịch; Pháp"),
    ("war_peace", "War and peace", "Leo Tolstoy", "1957", "891.733", "Fiction; Russia"),
    ("tay_nam", "Tây Nam Bộ kháng chiến", "Lê Nam", "1995", "959.7", "Kháng chiến", "Có viết về các trận đánh ở Cà Mau."),
    ("khanh_hoa", "Khánh Hòa xứ trầm hương", "Trần Trầm", "2002", "915.9756", "Địa chí; Khánh Hòa"),
    ("nha_nuoc", "Nhà nước và pháp luật", "Lê Minh Tâm", "2003", "340", "Pháp luật", "Giáo trình cho sinh viên luật."),
    ("giao_duc", "Lịch sử giáo dục : từ nguồn gốc đến giữa thế kỷ XX, sách tham khảo", "Lê Nguyên", "2014", "370.9", "Giáo dục"),
    ("giao_duc_2", "Đại cương lịch sử giáo dục", "Hà Chủ Biên", "2001", "370.9", "Lịch sử giáo dục", "Giáo trình lịch sử giáo dục, viết cho người học lịch sử giáo dục."),
    ("dan_so", "Dân số học", "Tống Văn Đường", "1997", "304.6", "Dân số"),
    ("bien_dao", "Biển đảo quê hương", "Hà Biển", "2014", "320.1", "Biển đảo"),
    ("bien_ban", "Biên bản chiến tranh", "Trần Mai Hạnh", "2014", "895.92234", "Chiến tranh"),
)  # fmt: skip


def marc_of(book: tuple[str, ...]) -> dict[str, Any]:
    """Return the MARC record of a book of the list."""
    _key, full_title, author, year, number, subjects, note, isbn = (*book, "", "")[:8]
    title, _, subtitle = full_title.partition(" : ")
    language = "eng" if _key in {"kieu_eng", "peace", "war_peace"} else "vie"
    fields: list[dict[str, Any]] = [{"008": f"260101s{year}    vm            000 1 {language} d"}]
    if isbn:
        fields.append(_field("020", " ", " ", ("a", isbn)))
    fields.append(_field("082", "0", "4", ("a", number)))
    fields.append(_field("100", "0", " ", ("a", author)))
    parts = [("a", title), *([("b", subtitle)] if subtitle else []), ("c", author)]
    fields.append(_field("245", "1", "0", *parts))
    fields.append(_field("264", " ", "1", ("a", "H. :"), ("b", "Văn học,"), ("c", year)))
    if note:
        fields.append(_field("520", " ", " ", ("a", note)))
    for subject in subjects.split("; "):
        fields.append(_field("650", " ", "7", ("a", subject), ("2", "Bộ TK TVQG")))
    return {"leader": "00000nam a2200000 a 4500", "fields": fields}


def _field(tag: str, ind1: str, ind2: str, *subfields: tuple[str, str]) -> dict[str, Any]:
    values = [{code: value} for code, value in subfields]
    return {tag: {"ind1": ind1, "ind2": ind2, "subfields": values}}
