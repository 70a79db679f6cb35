package masking

import (
	"slices"
	"strings"
)

// affixes are words of scripts without spaces, which are looked for before and after a position.
// Each letter of these scripts has three bytes.
type affixes struct {
	words       []string
	first, last uint64 // a bit for the last six bits of the first and of the last letter of each
}

func newAffixes(words string) affixes {
	a := affixes{words: strings.Fields(words)}
	for _, word := range a.words {
		a.first |= 1 << (word[2] & 63)
		a.last |= 1 << (word[len(word)-1] & 63)
	}
	return a
}

// areBefore reports whether text starts with one of the words.
func (a *affixes) areBefore(text string) bool {
	if len(text) < 3 || a.first>>(text[2]&63)&1 == 0 {
		return false
	}
	for _, word := range a.words {
		if strings.HasPrefix(text, word) {
			return true
		}
	}
	return false
}

// areAfter reports whether text ends with one of the words.
func (a *affixes) areAfter(text string) bool {
	if text == "" || a.last>>(text[len(text)-1]&63)&1 == 0 {
		return false
	}
	for _, word := range a.words {
		if strings.HasSuffix(text, word) {
			return true
		}
	}
	return false
}

// have reports whether text is one of the words.
func (a *affixes) have(text string) bool { return a.areBefore(text) && slices.Contains(a.words, text) }

// scriptAffixes are what is before and after a name in scripts without capitals.
type scriptAffixes struct {
	japaneseTitles  affixes // of all kinds
	japaneseForms   affixes // after a family name of one letter
	japanesePolite  affixes
	katakanaTitles  affixes
	japaneseFields  affixes // before a name
	chineseTitles   affixes
	chineseFields   affixes // before a name
	koreanHonors    affixes
	koreanEndings   affixes
	thaiFields      affixes
	thaiNotTitles   affixes
	thaiOtherWords  affixes
	thaiAfterFamily affixes
}

func newScriptAffixes() scriptAffixes {
	return scriptAffixes{
		japaneseTitles:  newAffixes("様 さん さま 氏 先生 殿 くん 君 ちゃん 部長 課長 社長 係長 主任 教授 選手 と申し"),
		japaneseForms:   newAffixes("さん 様 さま 氏 くん ちゃん"),
		japanesePolite:  newAffixes("様 さん さま 氏 先生 殿"),
		katakanaTitles:  newAffixes("様 さん さま 氏 先生 殿 くん ちゃん"),
		japaneseFields:  newAffixes("担当 担当者 氏名 名前 お名前 患者 患者名 顧客名 顧客 差出人 受取人 宛名 会員名 申込者 代表者 契約者 名義人 口座名義 連絡先 フリガナ ふりがな 責任者 保護者 作成者 承認者"),
		chineseTitles:   newAffixes(chineseTitles),
		chineseFields:   newAffixes(chineseBefore),
		koreanHonors:    newAffixes("님 씨 군 양 선생님 교수님 과장님 부장님 대리님 팀장님 사장님 님께 님의 님이 님은 씨가 씨는 씨의 씨를 씨와 씨에게 고객님 님께서"),
		koreanEndings:   newAffixes("은 는 이 가 을 를 의 와 과 도 에게 께서 께 한테 입니다 이에요 예요 이고 랑 이랑 드림 올림 배상"),
		thaiFields:      newAffixes("ชื่อ ชื่อ-สกุล นามสกุล ผู้ติดต่อ ลูกค้า ผู้ป่วย ผู้รับ ผู้ส่ง ผู้เช่า พนักงาน"),
		thaiNotTitles:   newAffixes("ก จ้าง ฟ้า แบบ ทุน หน้า แพทย์ ทะเบียน เอก พยาบาล พล"),
		thaiOtherWords:  newAffixes("กรัฐ กฯ กสมาคม กเทศ กอ ก จ้าง ฟ้า แบบ ทุน หน้า แพทย์ ทะเบียน เอก พยาบาล"),
		thaiAfterFamily: newAffixes("โทร อายุ เบอร์ ที่ ครับ ค่ะ คะ ได้ มี อยู่ จะ และ กับ เป็น มา ไป ให้ ส่ง แจ้ง ว่า นะ เกิด บ้าน หมาย เลข ขอ ช่วย กรุณา แล้ว ยัง ไม่ วัน สำหรับ จาก ต้อง"),
	}
}
