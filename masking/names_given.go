package masking

// givenNames are given names, by culture, in Latin letters without accents.
const givenNames = `
aaron abigail abraham ada adam adrian agatha agnes aidan alan albert alec alexander alexandra alexis alfred alice alicia
alison alistair allan allen allison alyssa amanda amber amelia amy andrea andrew andy angela angus anita ann anna anne
annabel annie anthony april archie ariana arlene arnold arthur ashley audrey austin ava barbara barry beatrice becky
belinda ben benedict benjamin bernard bernice bert bertha beth bethany betty beverly bianca bill billy blake bob bobby
bonnie brad bradley brandon brenda brendan brent brett brian bridget brittany brooke bruce bryan byron caitlin caleb
callum calvin cameron camilla carl carla carly carol caroline carolyn carrie casey cassandra catherine cathy cecilia
chad charles charlie charlotte chase chelsea cheryl chloe chris christian christie christina christine christopher
christy chuck cindy claire clara clare clarence clark claude claudia clayton clifford clint clinton clive clyde cody
colin colleen connie connor constance cora corey courtney craig crystal curtis cynthia daisy dale damian damon dan dana
daniel danielle danny daphne darren darryl dave david dawn dean debbie deborah debra declan deirdre delia denise dennis
derek derrick desmond diana diane dick dominic don donald donna dora doreen doris dorothy doug douglas duane duncan
dustin dwayne dwight dylan earl ebony eddie edgar edith edmund edna eduard edward edwin eileen elaine eleanor eli elias
elijah eliza elizabeth ella ellen ellie elliot elliott ellis elmer elsie emily emma emmett enid eric erica erik erika
erin ernest ernie estelle esther ethan ethel eugene eunice eva evan evelyn everett faith fay faye felicia felicity
felix fergus fiona flora florence floyd frances francis frank franklin fred freda freddie frederick freya gabriel
gabrielle gail garrett garry gareth gary gavin gemma gene geoff geoffrey george georgia georgina gerald geraldine gerard
gertrude gilbert gillian gina ginger gladys glen glenda glenn gloria gordon grace graham grant greg gregg gregory greta
guy gwen gwendolyn hailey hannah harold harriet harrison harry harvey hazel heather hector heidi helen henrietta henry
herbert herman hilary hilda holly homer hope horace howard hubert hugh hugo hunter ian ida ignatius imogen ingrid irene
iris irma irving isaac isabel isabella isabelle isaiah isla ivan ivy jack jackie jackson jacob jacqueline jade jake
james jamie jan jane janet janice jared jasmine jason jasper jay jean jeanette jeff jeffery jeffrey jemima jen jenna
jennifer jenny jeremiah jeremy jerome jerry jess jesse jessica jessie jill jillian jim jimmy jo joan joann joanna joanne
jocelyn jodie joe joel joey johanna john johnny jon jonah jonathan jordan joseph josephine josh joshua joy joyce juan
juanita judith judy julia julian juliana julie juliet justin justine kaitlyn karen karl kate katelyn katherine kathleen
kathryn kathy katie katy kayla keith kelley kelly kelvin ken kendra kenneth kenny kent kerry kevin kieran kim kimberly
kirk kirsten kristen kristin kristina kristy kurt kyle lance larry laura lauren laurence laurie lawrence leah lee leigh
leila lena leo leon leonard leroy leslie lester lewis liam lillian lily linda linus lindsay lindsey lionel lisa liz lloyd logan
lois lola lorenzo loretta lori lorna lorraine louis louise lucas lucia lucille lucinda lucy luke luther lydia lyle lynda
lynette lynn mabel mackenzie maddie madeleine madeline madison maeve maggie malcolm mallory mandy marc marcia marcus
margaret margot maria marian marianne marie marilyn marion marissa marjorie mark marlene marsha marshall martha martin
marvin mary mason matilda matt matthew maud maureen maurice max maxine maxwell may megan melanie melinda melissa melvin
mercedes meredith merle mia michael michaela micheal michele michelle mick mike mildred miles milton minnie miranda
miriam misty mitch mitchell moira molly mona monica morgan morris muriel myra myrtle nadia nadine nancy naomi natalie
natasha nathan nathaniel neal ned neil nelson nettie niamh nicholas nick nicky nicola nicole nigel nina noah noel nora
norma norman olive oliver olivia opal ophelia orla oscar owen paige pam pamela pat patience patricia patrick patsy patti
paul paula pauline pearl peggy penelope penny percy perry pete peter petra peyton phil philip phillip phoebe phyllis
piper polly poppy preston priscilla quentin quincy quinn rachael rachel ralph ramona randall randolph randy ray raymond
rebecca reginald rene renee reuben rex rhoda rhonda rhys ricardo richard rick ricky riley rita rob robbie robert roberta
robin robyn rochelle rod roderick rodney roger roland ron ronald ronnie rory rosa rosalie rosalind rose rosemary rosie
ross rowan roxanne roy ruby rudolph rufus rupert russell ruth ryan sabrina sadie sally sam samantha samuel sandra sandy
sara sarah sasha saul savannah scarlett scott sean sebastian selena selina seth shane shannon sharon shaun shawn sheila
shelby sheldon shelley shelly sherri sherry sheryl shirley sidney sierra silvia simon simone siobhan skye sonia sonya
sophia sophie spencer stacey stacy stan stanley stella stephanie stephen steve steven stewart stuart sue summer susan
susanna susie suzanne sybil sydney sylvia tabitha tamara tammy tanya tara tasha taylor ted terence teresa teri terrance
terrence terri terry tess tessa thea thelma theodore theresa thomas tiffany tim timothy tina toby todd tom tommy toni
tony tonya tracey tracy travis trevor tricia trina trisha tristan troy trudy tyler tyrone una ursula valerie vanessa
velma vera vernon veronica vicki vicky victor victoria vince vincent viola violet virgil virginia vivian vivien wade
wallace walter wanda warren wayne wendell wendy wesley wilbur wilfred will willard william willie willow wilma winifred
winston wyatt yolanda yvette yvonne zach zachary zara zelda zoe
alejandro alejandra alonso alvaro amparo ana andres angel angeles antonio antonia araceli arturo beatriz begona belen
benito blanca carlos carmen catalina cesar claudio concepcion consuelo cristian cristina cristobal daniela dario diego
dolores domingo eduardo elena emilio enrique ernesto esperanza esteban estela eugenia eugenio eva fabian fatima federico
felipe fernanda fernando francisca francisco gabriela gerardo gilberto gonzalo graciela gregorio guadalupe guillermo
gustavo hector hernan horacio ignacio ines inmaculada isidro ismael itziar iker javier jaime jesus joaquin jorge jose
josefa josefina juana julieta julio laura leticia lorena lourdes lucia luis luisa luz macarena magdalena manuel manuela
marcela marcelo marcos margarita mariana mariano maribel maricarmen mario marisol marta martina mateo matias mauricio
maximo maite mercedes miguel milagros mireia monica montserrat natalia nestor nieves noelia nuria octavio olga oriol
orlando oscar pablo paloma paco paola patricio paula pedro pilar rafael raul ramon raquel remedios reyes ricardo roberto
rocio rodrigo rodolfo rogelio rosario ruben salvador santiago sara sergio silvia sofia soledad susana tatiana teresa
tomas valentina valeria vicente victoria virginia ximena xavier yolanda zaida
adele adrien agathe aimee alain alexandre alexia alix amandine amelie anais andree angelique anouk antoine apolline
arnaud aude aurelie aurelien aurore axelle baptiste bastien benedicte benoit berenice bernadette bertrand brigitte bruno
camille capucine carine caroline cecile celestine celine cedric chantal charlene christelle christophe clemence clement
clementine clothilde colette corentin corinne cyril damien danielle delphine denis didier dominique dorothee edith
edouard eleonore elise elodie eloise emeline emile emilie emmanuel emmanuelle estelle etienne eugenie evelyne fabien
fabrice fabienne fanny felicie florent florian francois francoise frederic frederique gaelle gaetan gaston genevieve
geraldine germain ghislaine gilles gregoire guillaume gwenaelle helene henri herve hortense huguette hugues isabelle
jacques jeanne jeannine jerome joelle josiane julien juliette laetitia laurent laurence leonie lilian loic lorraine luc
lucie lucien lucienne ludovic lydie madeleine maelle manon marcel marceline margaux margot marine marion maryse mathieu
mathilde matthieu maud maxence maxime melissande michel micheline mireille monique morgane mylene nadege nathalie
nicolas ninon noemie oceane odette odile olivier pascal pascale patrice paulette perrine philippe pierre quentin raphael
raphaelle raymonde regine regis remi remy renaud rene roland romain rosalie roselyne sabine sandrine sebastien segolene
serge severine simone solange solene stephane suzanne sylvain sylvie thibault thibaut thierry thomas tristan valentin
valentine veronique victorien violette virginie vivienne xavier yannick yves yvonne zacharie
achim adelheid adolf albrecht alfons alois andreas anette angelika anja anke anneliese annegret annemarie annette
ansgar antje armin arno astrid axel barbel bastian beate bernd bernhard bettina birgit birgitta björn boris brigitta
britta burkhard carsten christa christoph christof claus clemens cordula cornelia dagmar detlef dieter dietmar dietrich
dirk dorothea eberhard eckhard edeltraud egon ekkehard elfriede elke elisabeth elmar elsbeth emil erhard erich ernst
erwin eva ewald franz franziska friederike friedhelm friedrich frieda fritz gabi gabriele georg gerd gerda gerhard
gerlinde gernot gero gertrud gisela gotthard gottfried greta gretchen gudrun gunter günther hanna hannelore hannes hans
hansjorg harald hartmut hedwig heike heiko heiner heinrich heinz helene helga helge helmut henning henrike herbert
hermann hildegard hiltrud holger horst ilka ilona ilse inge ingeborg ingo ingrid irmgard jens joachim jochen johann
johannes jonas jorg jost jurgen jutta kai karin karl karla karlheinz karsten kaspar katharina kathrin katja katrin
kerstin klara klaus konrad konstantin korbinian kunigunde lars leonie leonhard lieselotte lothar ludger ludwig lukas
luise lutz magda maik manfred manuela marcel mareike margarete margit margrit marko markus marlies mathias matthias
maximilian mechthild meike melanie merle michaela monika moritz nadja natascha niklas nils norbert olaf ole ortrud
oskar oswald otto patrizia petra philipp rainer ralf regina reiner reinhard reinhold renate roland rolf roswitha rudi
rudiger rudolf rupert ruprecht sabine sandra saskia sebastian siegfried sieglinde siegmund sigrid silke silvia simone
soren stefan stefanie steffen steffi susanne svenja sven swantje tanja thilo thorben thorsten till tilman tobias torsten
traudl trude udo ulf ulrich ulrike ursel ursula uschi ute uwe veit vera volker volkmar waltraud walther wenzel werner
wiebke wilhelm wilhelmina wilfried willi winfried wolf wolfgang wolfram yannik
adalberto adriana agnese alberto alessandra alessandro alessio alessia alfio alfredo ambra amedeo angelo angelica
annalisa annamaria antonella antonietta arianna armando arnaldo aurora beppe bernardo bianca biagio bruna brunella
camillo carlo carlotta carmela carmelo caterina cesare chiara ciro claudia corrado cosimo costanza cristiano damiano
daniele davide debora domenico donatella donato edoardo elena eleonora elettra elisa elisabetta emanuela emanuele enrica
enrico enzo ercole erminia ettore eugenia ezio fabio fabiola fabrizio fausto federica ferdinando fiamma filippo
fiorella flavia flavio franca francesca francesco franco fulvia fulvio gabriele gaetano gaia gennaro giacomo giada
gianfranco gianluca gianluigi gianmarco gianni gianpaolo gigi gilda ginevra gino gioia giorgia giorgio giovanna
giovanni giulia giuliana giuliano giulio giuseppe giuseppina giusy grazia graziella greta guglielmo guido ilaria
immacolata irene isabella ivana ivano lara letizia lia liliana lino lisa livia livio loredana luana luca lucia luciana
luciano lucrezia ludovica luigi luigia maddalena marcella marcello marco mariagrazia marianna mariella marina marino
mariarosaria marzia massimiliano massimo matilde matteo maura maurizio mauro melania michele michela miriam mirko
monica nadia nazareno nello nicolo nicoletta nino noemi nunzia orazio orietta ornella osvaldo ottavia paola paolo
pasquale patrizia piera pierluigi piero pietro pina raffaele raffaella renata renato renzo riccardo rita roberta
rocco romano romeo rosanna rosaria rosetta rossana rossella ruggero sabrina salvatore sandro santo saverio serena
silvana silvano silvio simona simone sonia stefania stefano susanna tecla teodoro tiziana tiziano tommaso tullio
ubaldo ugo umberto valentino valerio vanna vincenza vincenzo viola vito vittoria vittorio viviana walter
`
